# What `cmake --install BUILD --component NAME` copies, and the Debian packages that
# `cpack --config BUILD/CPackConfig.cmake` makes of it:
#
#   server      the programs                                       sta-server
#   system      unit, settings, documents of a machine             sta-server
#   xrt         the server's part for cards, loaded from lib/sta   sta-server-xrt
#   xrt_system  documents of that                                  sta-server-xrt
#
# The Dockerfile takes server and xrt, and has nothing of deploy/debian.
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # nobody needs benchmarks to make a package

install(TARGETS sta-server stactl RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT server)
if(STA_WITH_XRT)
  install(TARGETS sta_xrt LIBRARY DESTINATION lib/sta COMPONENT xrt)
endif()
set(debian "${PROJECT_SOURCE_DIR}/deploy/debian")
install(FILES "${debian}/sta-server.service" DESTINATION lib/systemd/system COMPONENT system)
install(FILES "${debian}/server.yaml" DESTINATION /etc/sta COMPONENT system)
install(FILES "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/docs/operations.md"
              "${PROJECT_SOURCE_DIR}/docs/security.md" "${debian}/copyright"
        DESTINATION "share/doc/sta-server" COMPONENT system)
install(FILES "${debian}/copyright" DESTINATION "share/doc/sta-server-xrt" COMPONENT xrt_system)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The developers of sta <sta@example.org>")
set(CPACK_SET_DESTDIR ON)  # /etc is outside the prefix
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL server system)
if(STA_WITH_XRT)
  list(APPEND CPACK_COMPONENTS_ALL xrt xrt_system)
endif()

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPUTER_PACKAGE_NAME sta-server)
set(CPACK_DEBIAN_COMPUTER_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_COMPUTER_PACKAGE_SUGGESTS sta-server-xrt)
set(CPACK_DEBIAN_COMPUTER_PACKAGE_CONTROL_EXTRA
    "${debian}/conffiles;${debian}/postinst;${debian}/prerm;${debian}/postrm")
set(CPACK_COMPONENT_GROUP_COMPUTER_DESCRIPTION "gRPC server for N:M-sparse Transformer encoders
 sta-server answers embedding and classification requests over the Open
 Inference Protocol, in exact integer arithmetic; stactl is its client and
 converts models.")
set(CPACK_DEBIAN_CARDS_PACKAGE_NAME sta-server-xrt)
set(CPACK_DEBIAN_CARDS_PACKAGE_DEPENDS "sta-server (= ${PROJECT_VERSION}-1)")
set(CPACK_COMPONENT_GROUP_CARDS_DESCRIPTION "cards behind the Xilinx Runtime for sta-server
 sta-server finds this library by itself and then takes the accelerator cards
 that the Xilinx Runtime (XRT) shows.")

include(CPack)
cpack_add_component_group(computer)
cpack_add_component(server GROUP computer)
cpack_add_component(system GROUP computer)
if(STA_WITH_XRT)
  cpack_add_component_group(cards)
  cpack_add_component(xrt GROUP cards)
  cpack_add_component(xrt_system GROUP cards)
endif()
