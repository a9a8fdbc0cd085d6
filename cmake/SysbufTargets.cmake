# sysbuf_add_driver(NAME SOURCES file... [OUTPUT_NAME name] [VERSION 1.2.3] [DESCRIPTION "..."])
#
#   The target NAME, which makes NAME.sys: a kernel driver on the sysbuf driver library, with the
#   flags, the entry point and the version resource that Windows expects. Each build writes the
#   image's checksum, signs it (see SysbufSigning.cmake), and fails if the image is not fit for
#   Windows or imports a routine that one of the runtimes lacks. For x64 only.
#
#   Where clang and lld are installed the target NAME_sanitized, part of "all", makes
#   sanitized/NAME.sys too: the same sources with the address and undefined-behaviour sanitizers, for
#   sysbuf run, check and fuzz on Linux (SysbufSanitized.cmake). -DSYSBUF_SANITIZED_DRIVERS=OFF leaves
#   it out. It gets the target's sources, include folders and definitions, not its compile options.
#
# sysbuf_add_client(NAME SOURCES file... [OUTPUT_NAME name] [VERSION 1.2.3] [DESCRIPTION "..."])
#
#   The target NAME, which makes NAME.exe: an application on the sysbuf client library, linked
#   statically.
#
# OUTPUT_NAME is NAME where it is not given, DESCRIPTION (UTF-8) is OUTPUT_NAME, VERSION is 1.0.0.
# Both work with every generator, with mingw-w64's gcc and with clang for the windows-gnu target.
include_guard(GLOBAL)

# In a source tree and in a package the tool lies in tools/ beside cmake/ and lib/.
set(SYSBUF_CMAKE_DIR ${CMAKE_CURRENT_LIST_DIR} CACHE INTERNAL "")
foreach(folder ${CMAKE_CURRENT_LIST_DIR}/../tools ${CMAKE_CURRENT_LIST_DIR}/../../../tools)
  if(EXISTS ${folder}/image.py)
    get_filename_component(folder ${folder} ABSOLUTE)
    set(SYSBUF_IMAGE_TOOL ${folder}/image.py CACHE INTERNAL "")
  endif()
endforeach()
set(SYSBUF_KERNEL_EXPORTS ${CMAKE_CURRENT_LIST_DIR}/wine-8.0-exports.txt CACHE INTERNAL "")

# The distribution's Python first: it is the one that has the distribution's pefile.
find_program(SYSBUF_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
find_program(SYSBUF_PYTHON NAMES python3 python NO_CMAKE_FIND_ROOT_PATH)

# The folder of the kernel headers (ntifs.h) of the toolchain in use.
find_path(SYSBUF_DDK_INCLUDE ntifs.h
  HINTS ${CMAKE_C_IMPLICIT_INCLUDE_DIRECTORIES} PATH_SUFFIXES include/ddk ddk)
if(NOT SYSBUF_DDK_INCLUDE)
  message(FATAL_ERROR "sysbuf: the kernel's headers (ntifs.h) are not there. "
    "Install mingw-w64, and configure with one of the toolchain files in cmake/toolchains.")
endif()

include(${CMAKE_CURRENT_LIST_DIR}/SysbufSigning.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/SysbufSanitized.cmake)
option(SYSBUF_SANITIZED_DRIVERS "Drivers with the sanitizers too, for the host"
  ${SYSBUF_CAN_SANITIZE})

# What every kernel-mode source is compiled with.
add_library(sysbuf_kernel_mode INTERFACE)
target_compile_features(sysbuf_kernel_mode INTERFACE c_std_11)
target_include_directories(sysbuf_kernel_mode SYSTEM INTERFACE ${SYSBUF_DDK_INCLUDE})
target_compile_options(sysbuf_kernel_mode INTERFACE
  -fno-stack-protector    # no C runtime to report to
  -mno-stack-arg-probe    # nor to probe the stack
  $<$<C_COMPILER_ID:GNU>:-fno-ident>)
# mingw-w64 defines these two twice; clang then puts them, as globals, into every object file.
target_compile_definitions(sysbuf_kernel_mode INTERFACE
  $<$<C_COMPILER_ID:Clang>:__INTRINSIC_DEFINED_InterlockedBitTestAndSet>
  $<$<C_COMPILER_ID:Clang>:__INTRINSIC_DEFINED_InterlockedBitTestAndReset>)

# Writes NAME's version resource and adds it to the target.
function(sysbuf_version_resource NAME FILE VERSION DESCRIPTION TYPE SUBTYPE)
  string(REGEX MATCHALL "[0-9]+" numbers "${VERSION}.0.0.0")
  list(SUBLIST numbers 0 4 numbers)
  list(JOIN numbers "," SYSBUF_RC_NUMBERS)
  set(SYSBUF_RC_VERSION ${VERSION})
  get_filename_component(SYSBUF_RC_NAME ${FILE} NAME_WE)
  set(SYSBUF_RC_FILE ${FILE})
  string(REPLACE "\\" "\\\\" SYSBUF_RC_DESCRIPTION "${DESCRIPTION}")
  string(REPLACE "\"" "\"\"" SYSBUF_RC_DESCRIPTION "${SYSBUF_RC_DESCRIPTION}")
  set(SYSBUF_RC_TYPE ${TYPE})
  set(SYSBUF_RC_SUBTYPE ${SUBTYPE})
  set(resource ${CMAKE_CURRENT_BINARY_DIR}/${NAME}-version.rc)
  configure_file(${SYSBUF_CMAKE_DIR}/version.rc.in ${resource} @ONLY)
  target_sources(${NAME} PRIVATE ${resource})
endfunction()

# One to four numbers, each of 16 bits: what a version resource can hold.
function(sysbuf_check_version NAME VERSION)
  if(NOT VERSION MATCHES "^[0-9]+(\\.[0-9]+)?(\\.[0-9]+)?(\\.[0-9]+)?$")
    message(FATAL_ERROR
      "sysbuf: ${NAME}: VERSION must be one to four numbers, as in 1.2.3, not '${VERSION}'")
  endif()
  string(REPLACE "." ";" numbers "${VERSION}")
  foreach(number ${numbers})
    if(number GREATER 65535)
      message(FATAL_ERROR "sysbuf: ${NAME}: a number of VERSION is at most 65535, not ${number}")
    endif()
  endforeach()
endfunction()

macro(sysbuf_parse_arguments NAME)
  cmake_parse_arguments(ARG "" "OUTPUT_NAME;VERSION;DESCRIPTION" "SOURCES" ${ARGN})
  if(ARG_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "sysbuf: ${NAME}: nothing follows ${ARG_KEYWORDS_MISSING_VALUES}")
  endif()
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sysbuf: ${NAME}: unknown arguments: ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "sysbuf: ${NAME} has no SOURCES")
  endif()
  if(NOT ARG_OUTPUT_NAME)
    set(ARG_OUTPUT_NAME ${NAME})
  endif()
  if(NOT DEFINED ARG_VERSION)
    set(ARG_VERSION 1.0.0)
  endif()
  sysbuf_check_version(${NAME} "${ARG_VERSION}")
  if(NOT ARG_DESCRIPTION)
    set(ARG_DESCRIPTION ${ARG_OUTPUT_NAME})
  endif()
endmacro()

# The checks need Python with pefile: said when configuring, not by a failing build.
function(sysbuf_check_python)
  get_property(checked GLOBAL PROPERTY SYSBUF_PYTHON_CHECKED)
  if(checked)
    return()
  endif()
  set(result 1)
  if(SYSBUF_PYTHON)
    execute_process(COMMAND ${SYSBUF_PYTHON} -c "import pefile" RESULT_VARIABLE result
      OUTPUT_QUIET ERROR_QUIET)
  endif()
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "sysbuf: drivers are checked by a Python program that needs the module "
      "pefile. Install python3-pefile, or name the right Python with -DSYSBUF_PYTHON=...")
  endif()
  set_property(GLOBAL PROPERTY SYSBUF_PYTHON_CHECKED ON)
endfunction()

# Checksum, signature and checks, as part of the link.
function(sysbuf_finish_driver NAME VERSION)
  set(signing "")
  if(SYSBUF_SIGN)
    sysbuf_sign_driver(${NAME})
    set(signing -DSIGN=${SYSBUF_OSSLSIGNCODE} -DCERTIFICATE=${SYSBUF_CERTIFICATE}
      -DKEY=${SYSBUF_KEY})
  endif()
  set_property(TARGET ${NAME} APPEND PROPERTY LINK_DEPENDS
    ${SYSBUF_IMAGE_TOOL} ${SYSBUF_KERNEL_EXPORTS} ${SYSBUF_CMAKE_DIR}/SysbufFinish.cmake)
  add_custom_command(TARGET ${NAME} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DDRIVER=$<TARGET_FILE:${NAME}> -DVERSION=${VERSION}
      -DPYTHON=${SYSBUF_PYTHON} -DIMAGE_TOOL=${SYSBUF_IMAGE_TOOL}
      -DEXPORTS=${SYSBUF_KERNEL_EXPORTS} ${signing} -P ${SYSBUF_CMAKE_DIR}/SysbufFinish.cmake
    VERBATIM)
endfunction()

function(sysbuf_add_driver NAME)
  sysbuf_parse_arguments(${NAME} ${ARGN})
  if(NOT CMAKE_SIZEOF_VOID_P EQUAL 8)
    message(FATAL_ERROR "sysbuf: ${NAME}: drivers are built for x64, and this build is for x86")
  endif()
  sysbuf_check_python()
  add_executable(${NAME} ${ARG_SOURCES} ${SYSBUF_CMAKE_DIR}/relocation.c)
  set_target_properties(${NAME} PROPERTIES
    OUTPUT_NAME ${ARG_OUTPUT_NAME} SUFFIX .sys PREFIX "")
  target_link_libraries(${NAME} PRIVATE sysbuf::driver sysbuf_kernel_mode ntoskrnl hal netio)
  target_link_options(${NAME} PRIVATE
    -nostdlib
    -Wl,--entry,DriverEntry -Wl,--subsystem,native
    -Wl,--image-base,0x140000000
    -Wl,--dynamicbase -Wl,--nxcompat -Wl,--high-entropy-va
    # lld aligns so of itself, and takes these for the wish to make an image of another kind.
    $<$<C_COMPILER_ID:GNU>:-Wl,--section-alignment,4096,--file-alignment,512>
    -Wl,--major-os-version,10 -Wl,--minor-os-version,0
    -Wl,--major-subsystem-version,10 -Wl,--minor-subsystem-version,0
    -Wl,--no-insert-timestamp)
  sysbuf_version_resource(${NAME} ${ARG_OUTPUT_NAME}.sys ${ARG_VERSION} "${ARG_DESCRIPTION}"
    VFT_DRV VFT2_DRV_SYSTEM)
  sysbuf_finish_driver(${NAME} ${ARG_VERSION})
  if(SYSBUF_SANITIZED_DRIVERS)
    # At the end of the caller's CMakeLists.txt, when the target is complete.
    cmake_language(EVAL CODE "cmake_language(DEFER CALL sysbuf_sanitize_target [[${NAME}]])")
  endif()
endfunction()

# The target NAME_sanitized beside the driver NAME.
function(sysbuf_sanitize_target NAME)
  get_target_property(sources ${NAME} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.c$")
  list(REMOVE_ITEM sources ${SYSBUF_CMAKE_DIR}/relocation.c)
  get_target_property(output ${NAME} OUTPUT_NAME)
  get_property(library GLOBAL PROPERTY SYSBUF_SANITIZED_LIBRARY)
  sysbuf_sanitized_driver(${NAME}_sanitized SOURCES ${sources}
    OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/sanitized/${output}.sys
    INCLUDES $<TARGET_PROPERTY:${NAME},INCLUDE_DIRECTORIES>
    DEFINITIONS $<TARGET_PROPERTY:${NAME},COMPILE_DEFINITIONS>
    OPTIONS -w # the other build has told
    LIBRARIES ${library})
  if(TARGET sysbuf_driver_sanitized)
    add_dependencies(${NAME}_sanitized sysbuf_driver_sanitized)
  endif()
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
