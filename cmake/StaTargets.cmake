# Helpers that keep each folder's CMakeLists.txt to a list of names.
include(GoogleTest OPTIONAL)

# Warnings for our own code; an interface target so that nothing global leaks into dependencies.
add_library(sta_warnings INTERFACE)
target_compile_options(sta_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                       -Woverloaded-virtual -Wno-unused-parameter -Wno-missing-field-initializers)
if(STA_WARNINGS_AS_ERRORS)
  target_compile_options(sta_warnings INTERFACE -Werror)
endif()

# sta_library(NAME SOURCES a.cc ... [PUBLIC targets ...] [PRIVATE targets ...])
# Makes static library sta_NAME with alias sta::NAME. Includes are written from the repository root.
# A library without sources is an interface library.
function(sta_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  if(ARG_SOURCES)
    add_library(sta_${name} STATIC ${ARG_SOURCES})
    target_include_directories(sta_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
    target_compile_features(sta_${name} PUBLIC cxx_std_20)  # also for whoever adds this project
    target_link_libraries(sta_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} sta_warnings)
  else()
    add_library(sta_${name} INTERFACE)
    target_include_directories(sta_${name} INTERFACE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(sta_${name} INTERFACE ${ARG_PUBLIC})
  endif()
  add_library(sta::${name} ALIAS sta_${name})
endfunction()

# sta_binary(NAME SOURCES a.cc ... [LINK targets ...])
function(sta_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${ARG_LINK} sta_warnings)
endfunction()

# sta_test(NAME SOURCES a_test.cc ... [LINK targets ...] [LABELS labels ...] [TIMEOUT seconds])
# One test binary per folder; ctest sees each case. Tests find committed data under tests/ through
# the macro STA_TEST_DATA_DIR. The default label is "unit".
function(sta_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(${name} PRIVATE STA_TEST_DATA_DIR="${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gmock_main sta_warnings)
  # Test sources run once and compile a third faster this way; what they test is optimized.
  target_compile_options(${name} PRIVATE -O0)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 120
                       PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# sta_fuzz_test(NAME SOURCES a_fuzz.cc [LINK targets ...])
# A libFuzzer target; scripts/fuzz.sh runs each over tests/fuzz/corpus/NAME.
function(sta_fuzz_test name)
  if(NOT STA_WITH_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} sta_warnings)
endfunction()
