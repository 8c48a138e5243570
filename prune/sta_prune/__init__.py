# SPDX-License-Identifier: Apache-2.0
"""sta_prune: N:M-sparse Transformer encoders by inherited dynamic pruning.

docs/pruning.md has the recipe; `python -m sta_prune --help` the commands.
"""
