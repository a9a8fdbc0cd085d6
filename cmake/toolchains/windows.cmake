# Cross-compiles for Windows with mingw-w64's gcc, or with clang (SYSBUF_COMPILER=clang) against
# the same headers and libraries. The including file sets SYSBUF_TRIPLE and SYSBUF_TRIPLE_CLANG.
set(CMAKE_SYSTEM_NAME Windows)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES SYSBUF_COMPILER)

if(SYSBUF_COMPILER STREQUAL "clang")
  set(CMAKE_C_COMPILER clang)
  set(CMAKE_C_COMPILER_TARGET ${SYSBUF_TRIPLE_CLANG})
  # clang uses gcc's runtime library but does not look where distributions keep it.
  execute_process(COMMAND ${SYSBUF_TRIPLE}-gcc -print-libgcc-file-name
    OUTPUT_VARIABLE SYSBUF_LIBGCC OUTPUT_STRIP_TRAILING_WHITESPACE)
  get_filename_component(SYSBUF_LIBGCC_FOLDER "${SYSBUF_LIBGCC}" DIRECTORY)
  set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld -L${SYSBUF_LIBGCC_FOLDER}")
else()
  set(CMAKE_C_COMPILER ${SYSBUF_TRIPLE}-gcc)
  set(CMAKE_CXX_COMPILER ${SYSBUF_TRIPLE}-g++)
endif()
set(CMAKE_RC_COMPILER ${SYSBUF_TRIPLE}-windres)

set(CMAKE_FIND_ROOT_PATH /usr/${SYSBUF_TRIPLE})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
