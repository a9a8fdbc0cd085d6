# Finishes a linked driver in its build: checksum, signature, checks. A driver that is refused is
# removed, so that no later build takes it for done.
#
#   cmake -DDRIVER=FILE -DVERSION=1.2.3 -DPYTHON=... -DIMAGE_TOOL=... -DEXPORTS=...
#         [-DSIGN=osslsigncode -DCERTIFICATE=... -DKEY=...] -P SysbufFinish.cmake
#
# The signature states the time at which it was made, or SOURCE_DATE_EPOCH where that is set.

function(refuse REASON)
  file(REMOVE ${DRIVER} ${DRIVER}.signed)
  get_filename_component(name ${DRIVER} NAME)
  message(FATAL_ERROR "sysbuf: ${name} ${REASON}")
endfunction()

execute_process(COMMAND ${PYTHON} ${IMAGE_TOOL} finish ${DRIVER} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  refuse("could not be given a checksum")
endif()

if(SIGN)
  set(time "")
  if(DEFINED ENV{SOURCE_DATE_EPOCH})
    set(time -time $ENV{SOURCE_DATE_EPOCH})
  endif()
  file(REMOVE ${DRIVER}.signed)
  execute_process(
    COMMAND ${SIGN} sign -certs ${CERTIFICATE} -key ${KEY} -h sha256 -ph ${time}
      -in ${DRIVER} -out ${DRIVER}.signed
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message("${output}")
    refuse("could not be signed")
  endif()
  file(RENAME ${DRIVER}.signed ${DRIVER})
endif()

execute_process(
  COMMAND ${PYTHON} ${IMAGE_TOOL} check --exports ${EXPORTS} --version ${VERSION} ${DRIVER}
  RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  refuse("is refused, for the reasons above, and removed")
endif()
