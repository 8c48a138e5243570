# With ThreadSanitizer: links tsan_abseil_mutex.cc into every binary and routes the calls through it.
if(NOT STA_SANITIZER MATCHES thread)
  return()
endif()
add_library(sta_tsan_abseil_mutex OBJECT "${CMAKE_CURRENT_LIST_DIR}/tsan_abseil_mutex.cc")
target_link_libraries(sta_tsan_abseil_mutex PUBLIC absl::synchronization)
foreach(symbol
    _ZN4absl7debian35Mutex4LockEv
    _ZN4absl7debian35Mutex6UnlockEv
    _ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE
    _ZN4absl7debian37CondVar4WaitEPNS0_5MutexE
    _ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE
    _ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE)
  target_link_options(sta_tsan_abseil_mutex INTERFACE "-Wl,--wrap=${symbol}")
endforeach()
link_libraries(sta_tsan_abseil_mutex)
