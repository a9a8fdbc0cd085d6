# Drivers built with clang's address and undefined-behaviour sanitizers, to be loaded by the host in
# the place of the .sys that ships. The host is their run-time library (host/sanitizer); they do not
# run on Windows.
#
# sysbuf_sanitized_driver(NAME OUTPUT file SOURCES file... [INCLUDES folder...] [DEFINITIONS D...]
#                         [OPTIONS flag...] [LIBRARIES file-or-flag...])
#
#   A target NAME, part of "all", which makes the driver OUTPUT.
#
# sysbuf_sanitized_library(NAME OUTPUT file ...) makes an archive of the same kind.
#
# Both work in a build for Windows and in one for Linux: they call clang themselves. The lists may
# have generator expressions. SYSBUF_CLANG is empty where there is no clang with lld.
include_guard(GLOBAL)

set(SYSBUF_SANITIZER_DIR ${CMAKE_CURRENT_LIST_DIR}/sanitizer CACHE INTERNAL "")
find_program(SYSBUF_CLANG clang NO_CMAKE_FIND_ROOT_PATH)
find_program(SYSBUF_LLD ld.lld NO_CMAKE_FIND_ROOT_PATH)
find_program(SYSBUF_DLLTOOL NAMES x86_64-w64-mingw32-dlltool llvm-dlltool NO_CMAKE_FIND_ROOT_PATH)
find_program(SYSBUF_AR NAMES x86_64-w64-mingw32-ar llvm-ar NO_CMAKE_FIND_ROOT_PATH)
find_path(SYSBUF_SANITIZED_DDK ntifs.h NO_CMAKE_FIND_ROOT_PATH
  PATHS /usr/x86_64-w64-mingw32/include/ddk /usr/share/mingw-w64/include/ddk NO_DEFAULT_PATH)
find_path(SYSBUF_SANITIZED_LIB libntoskrnl.a NO_CMAKE_FIND_ROOT_PATH
  PATHS /usr/x86_64-w64-mingw32/lib NO_DEFAULT_PATH)

set(SYSBUF_CAN_SANITIZE OFF)
if(SYSBUF_CLANG AND SYSBUF_LLD AND SYSBUF_DLLTOOL AND SYSBUF_AR AND SYSBUF_SANITIZED_DDK
    AND SYSBUF_SANITIZED_LIB)
  set(SYSBUF_CAN_SANITIZE ON)
endif()

set(SYSBUF_SANITIZED_FLAGS --target=x86_64-w64-windows-gnu -std=c11 -g -O1 -fno-inline -fms-extensions
  -fno-stack-protector -mno-stack-arg-probe -funwind-tables -isystem ${SYSBUF_SANITIZED_DDK}
  -D__INTRINSIC_DEFINED_InterlockedBitTestAndSet -D__INTRINSIC_DEFINED_InterlockedBitTestAndReset
  CACHE INTERNAL "")
# A list as options, for COMMAND_EXPAND_LISTS; it may be a generator expression that gives nothing.
function(sysbuf_sanitized_options VARIABLE PREFIX)
  set(list "$<FILTER:${ARGN},INCLUDE,.>") # what is left of untrue conditions is empty
  set(${VARIABLE} "$<$<BOOL:${list}>:${PREFIX}$<JOIN:${list},;${PREFIX}>>" PARENT_SCOPE)
endfunction()

# The object files of SOURCES, each with the headers it depends on.
function(sysbuf_sanitized_objects VARIABLE NAME)
  sysbuf_sanitized_options(includes -I ${ARG_INCLUDES})
  sysbuf_sanitized_options(definitions -D ${ARG_DEFINITIONS})
  set(objects)
  foreach(source ${ARG_SOURCES})
    get_filename_component(source ${source} ABSOLUTE)
    get_filename_component(file ${source} NAME)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/${NAME}.dir)
    file(MAKE_DIRECTORY ${folder})
    set(object ${folder}/${file}.o)
    add_custom_command(OUTPUT ${object}
      # Every access asks the host: it can tell addresses that have no shadow from those that do.
      COMMAND ${SYSBUF_CLANG} ${SYSBUF_SANITIZED_FLAGS} -fsanitize=address,undefined
        -fsanitize-recover=undefined -fsanitize-coverage=edge,inline-8bit-counters
        -fsanitize-address-use-after-return=always
        -mllvm -asan-instrumentation-with-call-threshold=0
        "${includes}" "${definitions}" ${ARG_OPTIONS} -MD -MF ${object}.d -MQ ${object}
        -c ${source} -o ${object}
      DEPENDS ${source} DEPFILE ${object}.d COMMAND_EXPAND_LISTS VERBATIM
      COMMENT "Building ${NAME} (sanitized) ${file}")
    list(APPEND objects ${object})
  endforeach()
  set(${VARIABLE} ${objects} PARENT_SCOPE)
endfunction()

macro(sysbuf_sanitized_arguments)
  cmake_parse_arguments(ARG "" "OUTPUT" "SOURCES;INCLUDES;DEFINITIONS;OPTIONS;LIBRARIES" ${ARGN})
endmacro()

function(sysbuf_sanitized_library NAME)
  sysbuf_sanitized_arguments(${ARGN})
  sysbuf_sanitized_objects(objects ${NAME})
  add_custom_command(OUTPUT ${ARG_OUTPUT}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${ARG_OUTPUT}
    COMMAND ${SYSBUF_AR} rcsD ${ARG_OUTPUT} ${objects}
    DEPENDS ${objects} VERBATIM)
  add_custom_target(${NAME} ALL DEPENDS ${ARG_OUTPUT})
endfunction()

function(sysbuf_sanitized_driver NAME)
  sysbuf_sanitized_arguments(${ARGN})
  sysbuf_sanitized_objects(objects ${NAME})
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${NAME}.dir)
  set(start ${folder}/start.o)
  set(imports ${folder}/libsysbuf-sanitizer.a)
  set(definition ${SYSBUF_SANITIZER_DIR}/sanitizer.def)
  add_custom_command(OUTPUT ${start}
    COMMAND ${SYSBUF_CLANG} ${SYSBUF_SANITIZED_FLAGS} -c ${SYSBUF_SANITIZER_DIR}/start.c -o ${start}
    DEPENDS ${SYSBUF_SANITIZER_DIR}/start.c VERBATIM)
  add_custom_command(OUTPUT ${imports}
    COMMAND ${SYSBUF_DLLTOOL} -m i386:x86-64 -d ${definition} -l ${imports}
    DEPENDS ${definition} VERBATIM)
  get_filename_component(output_folder ${ARG_OUTPUT} DIRECTORY)
  set(files)
  foreach(library ${ARG_LIBRARIES})
    if(library MATCHES "\\.(a|o)$")
      list(APPEND files ${library})
    endif()
  endforeach()
  add_custom_command(OUTPUT ${ARG_OUTPUT}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${output_folder}
    COMMAND ${SYSBUF_CLANG} --target=x86_64-w64-windows-gnu -fuse-ld=lld -nostdlib -shared
      -Wl,--subsystem,native -Wl,--entry,SbSanitizedEntry -Wl,--dynamicbase
      -Wl,--exclude-all-symbols -Wl,--allow-multiple-definition
      ${objects} ${start} ${ARG_LIBRARIES} ${imports}
      -L${SYSBUF_SANITIZED_LIB} -lntoskrnl -lhal -lnetio -o ${ARG_OUTPUT}
    DEPENDS ${objects} ${start} ${imports} ${files} COMMAND_EXPAND_LISTS VERBATIM
    COMMENT "Linking ${NAME} (sanitized)")
  add_custom_target(${NAME} ALL DEPENDS ${ARG_OUTPUT})
endfunction()
