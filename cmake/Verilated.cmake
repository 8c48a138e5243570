# Simulation models of the accelerator's SystemVerilog, made by Verilator.
#
# sta_verilated(NAME TOP module [PREFIX class] [PARAMETERS Name=Value ...] [SOURCES file.sv ...])
# Makes library sta_NAME with alias sta::NAME and class V<module> of header "V<module>.h"; with
# several configurations of one module give PREFIX for the class. All sources of accel/rtl/rtl
# are known by module name; SOURCES are modules that stand in for some of them.
#
# The flows round the tests build the same tests on other models. STA_RTL_COVERAGE counts lines and
# toggles (dv/coverage.py). The variable STA_RTL_NETLIST_<class> names Verilog files, made by Yosys
# (dv/mutation, syn/netlist.py), that take the place of the sources of this class; they have its
# parameters already.
set(STA_RTL_DIR "${PROJECT_SOURCE_DIR}/accel/rtl/rtl")

function(sta_verilated name)
  cmake_parse_arguments(ARG "" "TOP;PREFIX" "PARAMETERS;SOURCES" ${ARGN})
  if(NOT ARG_PREFIX)
    set(ARG_PREFIX V${ARG_TOP})
  endif()
  set(arguments --x-assign unique --x-initial unique)
  if(STA_RTL_NETLIST_${ARG_PREFIX})
    set(sources ${STA_RTL_NETLIST_${ARG_PREFIX}})
    # Without --assert: "parallel_case" of its multiplexers need not hold while signals settle.
    list(APPEND arguments -Wno-fatal -Wno-lint -Wno-style -Werror-USERERROR)
  else()
    set(sources "${STA_RTL_DIR}/sta_pkg.sv" "${PROJECT_SOURCE_DIR}/accel/rtl/lint/waivers.vlt"
                ${ARG_SOURCES} "${STA_RTL_DIR}/${ARG_TOP}.sv")
    list(APPEND arguments --assert -Wall -Wno-DECLFILENAME -Wno-UNUSEDPARAM -y "${STA_RTL_DIR}")
    list(TRANSFORM ARG_PARAMETERS PREPEND -G)
    list(APPEND arguments ${ARG_PARAMETERS})
  endif()
  add_library(sta_${name} STATIC)
  if(STA_RTL_COVERAGE)
    list(APPEND arguments --coverage-line --coverage-toggle)
    target_compile_definitions(sta_${name} PUBLIC STA_RTL_COVERAGE)
    target_link_libraries(sta_${name} PUBLIC sta::coverage_file)
  endif()
  # -O2 of generated code pays only in long runs; the build time is paid always.
  target_compile_options(sta_${name} PRIVATE -O1 -w)
  verilate(sta_${name} PREFIX ${ARG_PREFIX} TOP_MODULE ${ARG_TOP} SOURCES ${sources}
           VERILATOR_ARGS ${arguments})
  # Verilator's runtime is the same for every model: built once, in sta_verilated_runtime.
  get_target_property(files sta_${name} SOURCES)
  set(runtime "${files}")
  list(FILTER runtime INCLUDE REGEX "^${VERILATOR_ROOT}/include/.*[.]cpp$")
  list(REMOVE_ITEM files ${runtime})
  set_target_properties(sta_${name} PROPERTIES SOURCES "${files}")
  if(NOT TARGET sta_verilated_runtime)
    add_library(sta_verilated_runtime STATIC ${runtime})
    target_include_directories(sta_verilated_runtime SYSTEM PRIVATE "${VERILATOR_ROOT}/include"
                               "${VERILATOR_ROOT}/include/vltstd")
    target_compile_options(sta_verilated_runtime PRIVATE -O1 -w)
    set_target_properties(sta_verilated_runtime PROPERTIES UNITY_BUILD OFF)
    target_link_libraries(sta_verilated_runtime PUBLIC Threads::Threads)
  endif()
  target_link_libraries(sta_${name} PUBLIC sta_verilated_runtime)
  # A model is many small files that all begin with the same large headers.
  set_target_properties(sta_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  # Generated headers are not ours to warn about.
  get_target_property(folders sta_${name} INTERFACE_INCLUDE_DIRECTORIES)
  if(NOT folders)
    get_target_property(folders sta_${name} INCLUDE_DIRECTORIES)
  endif()
  target_include_directories(sta_${name} SYSTEM INTERFACE ${folders})
  add_library(sta::${name} ALIAS sta_${name})
endfunction()
