# How drivers are signed. Options of a build:
#
#   SYSBUF_SIGN              ON: sign each driver, with page hashes. OFF: leave them unsigned.
#   SYSBUF_SIGN_CERTIFICATE  a code signing certificate (PEM), and
#   SYSBUF_SIGN_KEY          its private key (PEM). Where both are empty, the build makes itself a
#                            test certificate, "sysbuf test certificate", with a key of its own.
#
# The certificate is made once in a build folder and never leaves it: a new folder has a new one.
include_guard(GLOBAL)

option(SYSBUF_SIGN "Sign each driver" ON)
set(SYSBUF_SIGN_CERTIFICATE "" CACHE FILEPATH "Certificate that signs drivers (PEM); empty: a test certificate")
set(SYSBUF_SIGN_KEY "" CACHE FILEPATH "Private key of the certificate (PEM); empty: a test key")

function(sysbuf_check_signing)
  foreach(tool osslsigncode openssl)
    string(TOUPPER SYSBUF_${tool} variable)
    find_program(${variable} ${tool} NO_CMAKE_FIND_ROOT_PATH)
    if(NOT ${variable})
      message(FATAL_ERROR "sysbuf: drivers are signed with ${tool}, which is not there. "
        "Install the package ${tool}, or configure with -DSYSBUF_SIGN=OFF for unsigned drivers.")
    endif()
  endforeach()
  if(SYSBUF_SIGN_CERTIFICATE AND NOT SYSBUF_SIGN_KEY)
    message(FATAL_ERROR "sysbuf: SYSBUF_SIGN_CERTIFICATE is given without SYSBUF_SIGN_KEY")
  elseif(SYSBUF_SIGN_KEY AND NOT SYSBUF_SIGN_CERTIFICATE)
    message(FATAL_ERROR "sysbuf: SYSBUF_SIGN_KEY is given without SYSBUF_SIGN_CERTIFICATE")
  endif()
  foreach(file SYSBUF_SIGN_CERTIFICATE SYSBUF_SIGN_KEY)
    if(${file} AND NOT EXISTS "${${file}}")
      message(FATAL_ERROR "sysbuf: ${file} names a file that is not there: ${${file}}")
    endif()
  endforeach()
endfunction()

# The target sysbuf_certificate brings forth the certificate before the first driver is linked.
# Sets, for all folders: SYSBUF_CERTIFICATE and SYSBUF_KEY (PEM), SYSBUF_CERTIFICATE_DER.
function(sysbuf_make_certificate)
  set(folder ${CMAKE_BINARY_DIR}/sysbuf-signing)
  set(certificate ${folder}/certificate.pem)
  set(key ${folder}/key.pem)
  set(der ${folder}/certificate.cer)
  file(MAKE_DIRECTORY ${folder})
  if(SYSBUF_SIGN_CERTIFICATE)
    set(certificate ${SYSBUF_SIGN_CERTIFICATE})
    set(key ${SYSBUF_SIGN_KEY})
  else()
    add_custom_command(OUTPUT ${certificate} ${key}
      COMMAND ${SYSBUF_OPENSSL} req -x509 -batch -config ${SYSBUF_CMAKE_DIR}/test-certificate.cnf
        -newkey rsa:3072 -nodes -sha256 -days 3650 -keyout ${key} -out ${certificate}
      COMMENT "Making a test certificate" VERBATIM)
  endif()
  add_custom_command(OUTPUT ${der}
    COMMAND ${SYSBUF_OPENSSL} x509 -in ${certificate} -outform DER -out ${der}
    DEPENDS ${certificate} VERBATIM)
  add_custom_target(sysbuf_certificate DEPENDS ${certificate} ${key} ${der})
  set(SYSBUF_CERTIFICATE ${certificate} CACHE INTERNAL "")
  set(SYSBUF_KEY ${key} CACHE INTERNAL "")
  set(SYSBUF_CERTIFICATE_DER ${der} CACHE INTERNAL "")
endfunction()

# Called for each driver: makes sure that its build can sign it.
function(sysbuf_sign_driver NAME)
  if(NOT TARGET sysbuf_certificate)
    sysbuf_check_signing()
    sysbuf_make_certificate()
  endif()
  add_dependencies(${NAME} sysbuf_certificate)
  set_property(TARGET ${NAME} APPEND PROPERTY LINK_DEPENDS ${SYSBUF_CERTIFICATE} ${SYSBUF_KEY})
endfunction()
