@echo off
rem Stops the MyDevice driver and removes it.
rem
rem   uninstall.cmd [/untrust]
rem
rem /untrust also takes the package's certificate out of the machine's trusted certificates.
rem Exit codes: 0 removed or not there, 1 not removed, 2 wrong arguments.
setlocal EnableExtensions DisableDelayedExpansion

set "thumbprint=@THUMBPRINT@"
set "program=%~dp0bin\x64\mydevice.exe"
set "system=%SystemRoot%\System32"
if exist "%SystemRoot%\Sysnative\cmd.exe" set "system=%SystemRoot%\Sysnative"
set "untrust=no"

:next_argument
if "%~1"=="" goto check
if "%~1"=="/?" goto help
if /i "%~1"=="/untrust" goto argument_untrust
echo uninstall: I do not know "%~1"; uninstall /? says what there is.
exit /b 2

:argument_untrust
set "untrust=yes"
shift /1
goto next_argument

:help
echo uninstall.cmd [/untrust]
echo   Stops the MyDevice driver and removes it.
echo   /untrust  also takes the package's certificate out of the machine's trusted certificates.
exit /b 0

:check
if exist "%program%" goto check_administrator
echo uninstall: bin\x64\mydevice.exe is not there; unpack the whole archive and run it there.
exit /b 1

:check_administrator
"%system%\fltmc.exe" >nul 2>&1
if not errorlevel 1 goto remove_service
echo uninstall: Only an administrator can remove a driver. Right-click "Command Prompt", choose
echo "Run as administrator", and run this there.
exit /b 1

rem Exit code 3 says that the driver is not installed, which is what is wanted.
:remove_service
"%program%" uninstall
set "result=%errorlevel%"
if "%result%"=="0" goto remove_file
if "%result%"=="3" goto remove_file
echo uninstall: The driver could not be removed, for the reason above.
exit /b 1

:remove_file
if not exist "%system%\drivers\mydevice.sys" goto remove_certificate
del "%system%\drivers\mydevice.sys"
if not exist "%system%\drivers\mydevice.sys" goto remove_certificate
echo uninstall: %SystemRoot%\System32\drivers\mydevice.sys could not be deleted.
exit /b 1

rem certutil fails where the certificate is not in the store, which is what is wanted.
:remove_certificate
if "%untrust%"=="no" goto removed
"%system%\certutil.exe" -delstore TrustedPublisher %thumbprint% >nul 2>&1
"%system%\certutil.exe" -delstore Root %thumbprint% >nul 2>&1

:removed
echo uninstall: MyDevice is not installed any more. Where nothing else needs test mode, end it with
echo   bcdedit /set testsigning off
echo and switch Secure Boot on again.
exit /b 0
