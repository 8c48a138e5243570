# With ThreadSanitizer: links tsan_abseil_mutex.cc into every binary.
if(NOT STA_SANITIZER MATCHES thread)
  return()
endif()
add_library(sta_tsan_abseil_mutex OBJECT "${CMAKE_CURRENT_LIST_DIR}/tsan_abseil_mutex.cc")
target_link_libraries(sta_tsan_abseil_mutex PUBLIC absl::synchronization ${CMAKE_DL_LIBS})
link_libraries(sta_tsan_abseil_mutex)
