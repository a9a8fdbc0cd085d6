@echo off
rem Installs the MyDevice driver of this package as a service and starts it.
rem
rem   install.cmd [/trust]
rem
rem /trust also adds the package's certificate to the machine's trusted certificates. All checks
rem come before the first change; whatever fails undoes what was done before it.
rem Exit codes: 0 installed and running, 1 not installed, 2 wrong arguments.
setlocal EnableExtensions DisableDelayedExpansion

set "thumbprint=@THUMBPRINT@"
set "files=%~dp0bin\x64"
set "program=%files%\mydevice.exe"
set "certificate=%files%\mydevice.cer"
set "system=%SystemRoot%\System32"
if exist "%SystemRoot%\Sysnative\cmd.exe" set "system=%SystemRoot%\Sysnative"
set "trust=no"
set "trusted=no"

:next_argument
if "%~1"=="" goto check
if "%~1"=="/?" goto help
if /i "%~1"=="/trust" goto argument_trust
echo install: I do not know "%~1"; install /? says what there is.
exit /b 2

:argument_trust
set "trust=yes"
shift /1
goto next_argument

:help
echo install.cmd [/trust]
echo   Installs the MyDevice driver of this package as a service and starts it.
echo   /trust  also adds the package's certificate to the machine's trusted certificates.
echo           Windows in test mode loads the driver without that.
exit /b 0

:check
if /i "%PROCESSOR_ARCHITECTURE%"=="AMD64" goto check_files
if /i "%PROCESSOR_ARCHITEW6432%"=="AMD64" goto check_files
echo install: The driver is for 64-bit Windows on x64 processors, which this is not.
exit /b 1

:check_files
if not exist "%files%\mydevice.sys" goto incomplete
if not exist "%program%" goto incomplete
if not exist "%certificate%" goto incomplete
goto check_administrator

:incomplete
echo install: bin\x64 beside this file is incomplete; unpack the whole archive and run it there.
exit /b 1

:check_administrator
"%system%\fltmc.exe" >nul 2>&1
if not errorlevel 1 goto check_test_mode
echo install: Only an administrator can install a driver. Right-click "Command Prompt", choose
echo "Run as administrator", and run this there.
exit /b 1

:check_test_mode
"%system%\reg.exe" query "HKLM\SYSTEM\CurrentControlSet\Control" /v SystemStartOptions 2>nul | "%system%\find.exe" /i "TESTSIGNING" >nul
if not errorlevel 1 goto check_file
"%system%\bcdedit.exe" /enum {current} 2>nul | "%system%\findstr.exe" /i /b "testsigning" >nul
if not "%errorlevel%"=="0" goto no_test_mode
echo install: Test mode is set or has been, but Windows was not started with it. If
echo   bcdedit /enum {current}
echo says "testsigning Yes", restart the machine; otherwise run
echo   bcdedit /set testsigning on
echo and restart it. Then run this again.
exit /b 1

:no_test_mode
echo install: The driver is signed with a test certificate, which Windows accepts in test mode only.
echo On a machine for tests, switch Secure Boot off in the firmware, run
echo   bcdedit /set testsigning on
echo restart, and run this again. README-windows.md says more.
exit /b 1

:check_file
if not exist "%system%\drivers\mydevice.sys" goto add_certificate
echo install: There is a driver mydevice.sys already; run uninstall.cmd first.
exit /b 1

:add_certificate
if "%trust%"=="no" goto copy_driver
echo install: Adding the certificate %thumbprint% to the machine's
echo trusted roots and trusted publishers, as /trust asks. Whoever has its private key can now sign
echo programs this machine trusts; uninstall /untrust takes it out again.
set "trusted=yes"
"%system%\certutil.exe" -addstore Root "%certificate%" >nul
if not "%errorlevel%"=="0" goto certificate_failed
"%system%\certutil.exe" -addstore TrustedPublisher "%certificate%" >nul
if not "%errorlevel%"=="0" goto certificate_failed

rem The kernel must not load a file that any user may replace, so the driver does not stay here.
:copy_driver
copy /b /y "%files%\mydevice.sys" "%system%\drivers\mydevice.sys" >nul
if not "%errorlevel%"=="0" goto copy_failed
"%program%" install "%SystemRoot%\System32\drivers\mydevice.sys"
if not "%errorlevel%"=="0" goto install_failed
"%program%" start
if not "%errorlevel%"=="0" goto start_failed
echo install: MyDevice is installed and runs. Try it: bin\x64\mydevice.exe demo
exit /b 0

:start_failed
"%program%" uninstall >nul
:install_failed
del "%system%\drivers\mydevice.sys"
echo install: The driver could not be installed and started, for the reason above.
goto undo_certificate

:copy_failed
echo install: The driver could not be copied to %SystemRoot%\System32\drivers.
goto undo_certificate

:certificate_failed
echo install: certutil could not add the certificate.

:undo_certificate
if "%trusted%"=="no" goto nothing_left
"%system%\certutil.exe" -delstore TrustedPublisher %thumbprint% >nul 2>&1
"%system%\certutil.exe" -delstore Root %thumbprint% >nul 2>&1
:nothing_left
echo install: Nothing was changed that is not undone again.
exit /b 1
