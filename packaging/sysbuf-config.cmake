# find_package(sysbuf): sysbuf::driver (x64), sysbuf::client (x64, x86), sysbuf_add_driver(),
# sysbuf_add_client(). See SysbufTargets.cmake beside this file.
if(NOT WIN32 OR MSVC)
  set(sysbuf_FOUND FALSE)
  set(sysbuf_NOT_FOUND_MESSAGE "sysbuf's libraries are for Windows with mingw-w64's gcc or with \
clang for its target; configure with one of the toolchain files in cmake/toolchains of the package")
  return()
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(arm|ARM|aarch)")
  set(sysbuf_FOUND FALSE)
  set(sysbuf_NOT_FOUND_MESSAGE "sysbuf has libraries for x64 and x86 only")
  return()
endif()

if(CMAKE_SIZEOF_VOID_P EQUAL 8)
  include(${CMAKE_CURRENT_LIST_DIR}/sysbuf-targets-x64.cmake)
else()
  include(${CMAKE_CURRENT_LIST_DIR}/sysbuf-targets-x86.cmake)
endif()
enable_language(RC)
include(${CMAKE_CURRENT_LIST_DIR}/SysbufTargets.cmake)
# Drivers with the sanitizers get the plain library: the sanitizers' records name the folder in which a
# source was compiled, which a package must not tell.
set_property(GLOBAL PROPERTY SYSBUF_SANITIZED_LIBRARY $<TARGET_FILE:sysbuf::driver>)
