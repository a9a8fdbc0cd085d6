# sysbuf_add_driver(NAME SOURCES file... [OUTPUT_NAME name] [VERSION 1.2.3] [DESCRIPTION "..."])
#
#   The target NAME, which makes NAME.sys: a kernel driver on the sysbuf driver library, with the flags, the entry point and the
#   version resource that Windows expects. Each build corrects the image's checksum and fails if
#   the image is not fit for Windows or imports a routine that one of the runtimes lacks.
#
# sysbuf_add_client(NAME SOURCES file... [OUTPUT_NAME name] [VERSION 1.2.3] [DESCRIPTION "..."])
#
#   The target NAME, which makes NAME.exe: an application on the sysbuf client library, linked statically.
#
# Both work with every generator, with mingw-w64's gcc and with clang for the windows-gnu target.
include_guard()

set(SYSBUF_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR})
find_file(SYSBUF_IMAGE_TOOL image.py
  PATHS ${SYSBUF_CMAKE_DIR}/../tools ${SYSBUF_CMAKE_DIR} NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
find_file(SYSBUF_KERNEL_EXPORTS wine-8.0-exports.txt
  PATHS ${SYSBUF_CMAKE_DIR} NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
# The distribution's Python first: it is the one that has the distribution's pefile.
find_program(SYSBUF_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
find_program(SYSBUF_PYTHON python3 NO_CMAKE_FIND_ROOT_PATH REQUIRED)

# The folder of the kernel headers (ntifs.h) of the toolchain in use.
find_path(SYSBUF_DDK_INCLUDE ntifs.h PATH_SUFFIXES include/ddk ddk)
if(NOT SYSBUF_DDK_INCLUDE)
  message(FATAL_ERROR "sysbuf: ntifs.h is not there. Install gcc-mingw-w64-x86-64.")
endif()

# What every kernel-mode source is compiled with.
add_library(sysbuf_kernel_mode INTERFACE)
target_compile_features(sysbuf_kernel_mode INTERFACE c_std_11)
target_include_directories(sysbuf_kernel_mode SYSTEM INTERFACE ${SYSBUF_DDK_INCLUDE})
target_compile_options(sysbuf_kernel_mode INTERFACE
  -fno-stack-protector    # no C runtime to report to
  -mno-stack-arg-probe    # nor to probe the stack
  $<$<C_COMPILER_ID:GNU>:-fno-ident>)

# Writes NAME's version resource and adds it to the target.
function(sysbuf_version_resource NAME FILE VERSION DESCRIPTION TYPE SUBTYPE)
  string(REGEX MATCHALL "[0-9]+" numbers "${VERSION}.0.0.0.0")
  list(SUBLIST numbers 0 4 numbers)
  list(JOIN numbers "," SYSBUF_RC_NUMBERS)
  set(SYSBUF_RC_VERSION ${VERSION})
  get_filename_component(SYSBUF_RC_NAME ${FILE} NAME_WE)
  set(SYSBUF_RC_FILE ${FILE})
  set(SYSBUF_RC_DESCRIPTION "${DESCRIPTION}")
  set(SYSBUF_RC_TYPE ${TYPE})
  set(SYSBUF_RC_SUBTYPE ${SUBTYPE})
  set(resource ${CMAKE_CURRENT_BINARY_DIR}/${NAME}-version.rc)
  configure_file(${SYSBUF_CMAKE_DIR}/version.rc.in ${resource} @ONLY)
  target_sources(${NAME} PRIVATE ${resource})
endfunction()

macro(sysbuf_parse_arguments NAME)
  cmake_parse_arguments(ARG "" "OUTPUT_NAME;VERSION;DESCRIPTION" "SOURCES" ${ARGN})
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "sysbuf: ${NAME} has no SOURCES")
  endif()
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sysbuf: ${NAME}: unknown arguments: ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_OUTPUT_NAME)
    set(ARG_OUTPUT_NAME ${NAME})
  endif()
  if(NOT ARG_VERSION)
    set(ARG_VERSION 1.0.0)
  endif()
  if(NOT ARG_VERSION MATCHES "^[0-9]+(\\.[0-9]+)?(\\.[0-9]+)?(\\.[0-9]+)?$")
    message(FATAL_ERROR "sysbuf: ${NAME}: VERSION must be one to four numbers, as in 1.2.3")
  endif()
  if(NOT ARG_DESCRIPTION)
    set(ARG_DESCRIPTION ${ARG_OUTPUT_NAME})
  endif()
endmacro()

function(sysbuf_add_driver NAME)
  sysbuf_parse_arguments(${NAME} ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  set_target_properties(${NAME} PROPERTIES
    OUTPUT_NAME ${ARG_OUTPUT_NAME} SUFFIX .sys PREFIX "")
  target_link_libraries(${NAME} PRIVATE sysbuf::driver sysbuf_kernel_mode ntoskrnl hal)
  target_link_options(${NAME} PRIVATE
    -nostdlib
    -Wl,--entry,DriverEntry -Wl,--subsystem,native
    -Wl,--image-base,0x140000000
    -Wl,--dynamicbase -Wl,--nxcompat -Wl,--high-entropy-va
    -Wl,--section-alignment,4096 -Wl,--file-alignment,512
    -Wl,--major-os-version,10 -Wl,--minor-os-version,0
    -Wl,--major-subsystem-version,10 -Wl,--minor-subsystem-version,0
    -Wl,--no-insert-timestamp)
  sysbuf_version_resource(${NAME} ${ARG_OUTPUT_NAME}.sys ${ARG_VERSION} "${ARG_DESCRIPTION}"
    VFT_DRV VFT2_DRV_SYSTEM)
  add_custom_command(TARGET ${NAME} POST_BUILD
    COMMAND ${SYSBUF_PYTHON} ${SYSBUF_IMAGE_TOOL} finish $<TARGET_FILE:${NAME}>
    COMMAND ${SYSBUF_PYTHON} ${SYSBUF_IMAGE_TOOL} check --exports ${SYSBUF_KERNEL_EXPORTS}
      $<TARGET_FILE:${NAME}>
    VERBATIM)
endfunction()

function(sysbuf_add_client NAME)
  sysbuf_parse_arguments(${NAME} ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  set_target_properties(${NAME} PROPERTIES OUTPUT_NAME ${ARG_OUTPUT_NAME} SUFFIX .exe PREFIX "")
  target_link_libraries(${NAME} PRIVATE sysbuf::client)
  target_link_options(${NAME} PRIVATE -static
    -Wl,--dynamicbase -Wl,--nxcompat -Wl,--no-insert-timestamp)
  sysbuf_version_resource(${NAME} ${ARG_OUTPUT_NAME}.exe ${ARG_VERSION} "${ARG_DESCRIPTION}"
    VFT_APP VFT2_UNKNOWN)
endfunction()
