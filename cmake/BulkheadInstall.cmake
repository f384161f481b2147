# SPDX-License-Identifier: GPL-2.0-or-later
include(GNUInstallDirs)

# bulkhead_install(PROGRAM LINK...): the program, unit, manual page, configuration and crontab. The
# links lie in a folder of their own, since the distribution's iptables may have their names: ./dev
# install makes them an alternative to it.
function(bulkhead_install program)
  set(links "${CMAKE_INSTALL_PREFIX}/lib/bulkhead")
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/links")
  install(TARGETS ${program} RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")
  file(RELATIVE_PATH up "${links}" "${CMAKE_INSTALL_FULL_SBINDIR}/${program}")
  foreach(link IN LISTS ARGN)
    set(made "${PROJECT_BINARY_DIR}/links/${link}")
    file(CREATE_LINK "${up}" "${made}" SYMBOLIC)
    install(FILES "${made}" DESTINATION "lib/bulkhead")
  endforeach()

  set(packaging "${PROJECT_SOURCE_DIR}/packaging")
  file(READ "${packaging}/systemd/bulkhead.service" unit)
  string(REPLACE "/usr/sbin/bulkhead" "${CMAKE_INSTALL_FULL_SBINDIR}/bulkhead" unit "${unit}")
  file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/bulkhead.service" CONTENT "${unit}")
  install(FILES "${PROJECT_BINARY_DIR}/bulkhead.service" DESTINATION "lib/systemd/system")
  install(FILES "${packaging}/man/bulkhead.8" DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")
  install(FILES "${packaging}/cron/bulkhead" DESTINATION "${CMAKE_INSTALL_DOCDIR}"
          RENAME bulkhead.cron)
  install(FILES "${packaging}/etc/bulkhead.toml" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
  # What an administrator has written stays.
  install(CODE "
    if(NOT EXISTS \"\$ENV{DESTDIR}/etc/bulkhead/bulkhead.toml\")
      file(INSTALL \"${packaging}/etc/bulkhead.toml\" DESTINATION \"/etc/bulkhead\")
    endif()")
endfunction()
