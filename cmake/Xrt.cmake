# Finds Debian's Xilinx Runtime for xrt::coreutil: XRT's C++ API without a driver. The driver, or the
# virtual card in its place, is loaded at run time, so nothing here links libxrt_core; xrt.pc does
# (and names a prefix that does not exist), which is why it is not used.
find_path(STA_XRT_INCLUDE_DIR xclbin.h PATH_SUFFIXES xrt)
find_library(STA_XRT_COREUTIL_LIBRARY xrt_coreutil)
find_path(STA_UUID_INCLUDE_DIR uuid/uuid.h)
find_library(STA_UUID_LIBRARY uuid)
mark_as_advanced(STA_XRT_INCLUDE_DIR STA_XRT_COREUTIL_LIBRARY STA_UUID_INCLUDE_DIR STA_UUID_LIBRARY)

if(NOT STA_XRT_INCLUDE_DIR OR NOT STA_XRT_COREUTIL_LIBRARY)
  message(FATAL_ERROR "The Xilinx Runtime is missing: install Debian's libxrt-dev, or configure with "
                      "-DSTA_WITH_XRT=OFF to build without cards")
endif()
if(NOT STA_UUID_INCLUDE_DIR OR NOT STA_UUID_LIBRARY)
  message(FATAL_ERROR "uuid/uuid.h, which XRT's headers include, is missing: install Debian's "
                      "uuid-dev, or configure with -DSTA_WITH_XRT=OFF to build without cards")
endif()

add_library(sta_xrt_coreutil INTERFACE)
target_include_directories(sta_xrt_coreutil SYSTEM INTERFACE "${STA_XRT_INCLUDE_DIR}"
                           "${STA_UUID_INCLUDE_DIR}")
target_link_libraries(sta_xrt_coreutil INTERFACE "${STA_XRT_COREUTIL_LIBRARY}" "${STA_UUID_LIBRARY}"
                      Threads::Threads)
add_library(xrt::coreutil ALIAS sta_xrt_coreutil)
