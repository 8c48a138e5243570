# Language level, build types, sanitizers and the compiler cache.
# Dev is optimized (tests run whole models) but keeps assertions; symbols stay small so that
# linking is quick.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_DEV "-O2 -g1")  # no CACHE: project() has cached an empty one already
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Dev or Release" FORCE)
endif()

find_program(STA_CCACHE ccache)
if(STA_CCACHE)
  # Paths inside the checkout are hashed relative to it, so that every checkout on a machine, CI's
  # clone too, shares what one of them has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND};-E;env;CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}"
      "CCACHE_NOHASHDIR=1;${STA_CCACHE}")
endif()
find_program(STA_LLD ld.lld)
if(STA_LLD)
  add_link_options(-fuse-ld=lld)
endif()

if(STA_SANITIZER)
  add_compile_options(-fsanitize=${STA_SANITIZER} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${STA_SANITIZER})
  if(STA_SANITIZER MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
if(STA_WITH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
