# With ThreadSanitizer: links what it has to know of Debian's libraries into every binary.
if(NOT STA_SANITIZER MATCHES thread)
  return()
endif()
add_library(sta_tsan_libraries OBJECT "${CMAKE_CURRENT_LIST_DIR}/tsan_abseil.cc"
            "${CMAKE_CURRENT_LIST_DIR}/tsan_grpc.cc")
target_link_libraries(sta_tsan_libraries PUBLIC absl::synchronization ${CMAKE_DL_LIBS})
link_libraries(sta_tsan_libraries)
