// SPDX-License-Identifier: Apache-2.0
//
// What ThreadSanitizer is shown of XRT's map of open devices, which it cannot see itself: XRT is
// not instrumented. Opening a device inserts into the map, and allocating a buffer, opening a
// kernel and loading an xclbin look a device up without a lock (xrt_core::get_userpf_device); a
// program has to keep the two apart. Here they write and read a variable.
//
// Nothing in other builds.
#ifndef ACCEL_VIRTUAL_CARD_SHIM_DEVICE_MAP_H_
#define ACCEL_VIRTUAL_CARD_SHIM_DEVICE_MAP_H_

namespace sta::virtual_xrt {

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define STA_SHOW_DEVICE_MAP
#endif
#endif

#ifdef STA_SHOW_DEVICE_MAP
inline volatile int device_map = 0;
inline void ShowDeviceMapWritten() { device_map = device_map + 1; }
inline void ShowDeviceMapRead() { static_cast<void>(device_map); }
#undef STA_SHOW_DEVICE_MAP
#else
inline void ShowDeviceMapWritten() {}
inline void ShowDeviceMapRead() {}
#endif

}  // namespace sta::virtual_xrt

#endif  // ACCEL_VIRTUAL_CARD_SHIM_DEVICE_MAP_H_
