# For Linux, where drivers run on the host:
#
# sysbuf_add_client(NAME SOURCES file... [OUTPUT_NAME name] [VERSION 1.2.3] [DESCRIPTION "..."])
#
#   The target NAME: an application on the sysbuf client library, over the host. The same call as
#   for Windows (SysbufTargets.cmake); a program of Linux shows neither version nor description.
include_guard(GLOBAL)

function(sysbuf_add_client NAME)
  cmake_parse_arguments(ARG "" "OUTPUT_NAME;VERSION;DESCRIPTION" "SOURCES" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sysbuf: ${NAME}: unknown arguments: ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "sysbuf: ${NAME} has no SOURCES")
  endif()
  if(NOT ARG_OUTPUT_NAME)
    set(ARG_OUTPUT_NAME ${NAME})
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  set_target_properties(${NAME} PROPERTIES OUTPUT_NAME ${ARG_OUTPUT_NAME})
  target_link_libraries(${NAME} PRIVATE sysbuf::client)
endfunction()
