// SPDX-License-Identifier: Apache-2.0
//
// What threads that nobody waits for leave to those that answer requests.
//
//   YieldToOthers(kLowestPriority);          // at the start of the thread
#ifndef SERVER_MODELS_THREAD_PRIORITY_H_
#define SERVER_MODELS_THREAD_PRIORITY_H_

namespace sta {

// As nice(1): on a busy processor a thread of 10 gets about a tenth of what one of 0 gets, of 19 a
// seventieth; on an idle one, all.
inline constexpr int kStorePriority = 10;
inline constexpr int kLowestPriority = 19;

// Of the calling thread alone, and for good: without a privilege nobody may go back. 0: nothing
// changes. Where the system refuses, the thread is merely not as quiet.
void YieldToOthers(int nice);

}  // namespace sta

#endif  // SERVER_MODELS_THREAD_PRIORITY_H_
