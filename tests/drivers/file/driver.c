/* Files under \??\C:\ from inside a driver: loading it is the test. The root holds a folder Windows
 * with a file Hello.txt ("hello, file") and a link "out" that leads away. */
#include <ntifs.h>

#include "check.h"
#include "groups.h"

CHECK_DEFINITIONS("file")

static IO_STATUS_BLOCK io;
static HANDLE file;

static NTSTATUS open(PCWSTR name, ACCESS_MASK access, ULONG share, ULONG disposition, ULONG options)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING string;

    RtlInitUnicodeString(&string, name);
    InitializeObjectAttributes(&attributes, &string, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    file = NULL;
    io.Information = 77;
    return ZwCreateFile(&file, access | SYNCHRONIZE, &attributes, &io, NULL, FILE_ATTRIBUTE_NORMAL,
                        share, disposition, options | FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
}

static NTSTATUS open_existing(PCWSTR name)
{
    return open(name, GENERIC_READ, FILE_SHARE_READ, FILE_OPEN, 0);
}

static void check_names(void)
{
    CHECK_STATUS(STATUS_SUCCESS, open_existing(L"\\??\\C:\\windows\\HELLO.TXT"));
    CHECK(io.Information == FILE_OPENED);
    ZwClose(file);
    CHECK_STATUS(STATUS_SUCCESS, open_existing(L"\\DosDevices\\C:\\Windows\\Hello.txt"));
    ZwClose(file);
    CHECK_STATUS(STATUS_SUCCESS, open_existing(L"\\SystemRoot\\hello.txt"));
    ZwClose(file);
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, open_existing(L"\\??\\C:\\Windows\\none"));
    CHECK_STATUS(STATUS_OBJECT_PATH_NOT_FOUND, open_existing(L"\\??\\C:\\none\\none"));
    CHECK_STATUS(STATUS_OBJECT_PATH_NOT_FOUND, open_existing(L"\\??\\C:\\Windows\\hello.txt\\x"));
    CHECK_STATUS(STATUS_OBJECT_NAME_INVALID,
                 open_existing(L"\\??\\C:\\Windows\\..\\..\\etc\\passwd"));
    CHECK_STATUS(STATUS_OBJECT_NAME_INVALID, open_existing(L"\\??\\C:\\Windows\\hello.txt:stream"));
    CHECK_STATUS(STATUS_OBJECT_NAME_INVALID, open_existing(L"\\??\\C:\\a*b"));
    CHECK_STATUS(STATUS_OBJECT_PATH_NOT_FOUND, open_existing(L"\\??\\D:\\x"));
}

static void check_links(void)
{
    CHECK_STATUS(STATUS_ACCESS_DENIED, open_existing(L"\\??\\C:\\Windows\\out"));
}

static void check_dispositions(void)
{
    PCWSTR name = L"\\??\\C:\\Windows\\new.bin";
    HANDLE first;

    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, open(name, GENERIC_WRITE, 0, FILE_OVERWRITE, 0));
    CHECK_STATUS(STATUS_SUCCESS, open(name, GENERIC_WRITE, 0, FILE_CREATE, 0));
    CHECK(io.Information == FILE_CREATED);
    first = file;
    CHECK_STATUS(STATUS_SHARING_VIOLATION,
                 open(name, GENERIC_READ, FILE_SHARE_WRITE, FILE_OPEN, 0));
    ZwClose(first);
    CHECK_STATUS(STATUS_OBJECT_NAME_COLLISION, open(name, GENERIC_WRITE, 0, FILE_CREATE, 0));
    CHECK_STATUS(STATUS_SUCCESS, open(name, GENERIC_WRITE, 0, FILE_OVERWRITE_IF, 0));
    CHECK(io.Information == FILE_OVERWRITTEN);
    ZwClose(file);
    CHECK_STATUS(STATUS_NOT_A_DIRECTORY,
                 open(name, GENERIC_READ, 0, FILE_OPEN, FILE_DIRECTORY_FILE));
    CHECK_STATUS(STATUS_FILE_IS_A_DIRECTORY,
                 open(L"\\??\\C:\\Windows", GENERIC_READ, 0, FILE_OPEN, FILE_NON_DIRECTORY_FILE));
    CHECK_STATUS(STATUS_SUCCESS, open(name, DELETE, 0, FILE_OPEN, FILE_DELETE_ON_CLOSE));
    ZwClose(file);
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, open_existing(name));
}

static void check_transfer(void)
{
    PCWSTR name = L"\\??\\C:\\data.bin";
    LARGE_INTEGER offset;
    FILE_STANDARD_INFORMATION standard;
    FILE_POSITION_INFORMATION position;
    FILE_END_OF_FILE_INFORMATION end;
    CHAR buffer[32];

    CHECK_STATUS(STATUS_SUCCESS,
                 open(L"\\??\\C:\\Windows\\Hello.txt", GENERIC_READ, 0, FILE_OPEN, 0));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwReadFile(file, NULL, NULL, NULL, &io, buffer, sizeof buffer, NULL, NULL));
    CHECK(io.Information == 11 && memcmp(buffer, "hello, file", 11) == 0);
    CHECK_STATUS(STATUS_END_OF_FILE,
                 ZwReadFile(file, NULL, NULL, NULL, &io, buffer, sizeof buffer, NULL, NULL));
    offset.QuadPart = 7;
    CHECK_STATUS(STATUS_SUCCESS, ZwReadFile(file, NULL, NULL, NULL, &io, buffer, 2, &offset, NULL));
    CHECK(io.Information == 2 && buffer[0] == 'f');
    CHECK_STATUS(STATUS_SUCCESS, ZwQueryInformationFile(file, &io, &position, sizeof position,
                                                        FilePositionInformation));
    CHECK(position.CurrentByteOffset.QuadPart == 9);
    ZwClose(file);

    CHECK_STATUS(STATUS_SUCCESS,
                 open(name, GENERIC_READ | GENERIC_WRITE | DELETE, 0, FILE_CREATE, 0));
    CHECK_STATUS(STATUS_SUCCESS, ZwWriteFile(file, NULL, NULL, NULL, &io, "12345", 5, NULL, NULL));
    CHECK(io.Information == 5);
    offset.HighPart = -1;
    offset.LowPart = FILE_WRITE_TO_END_OF_FILE;
    CHECK_STATUS(STATUS_SUCCESS, ZwWriteFile(file, NULL, NULL, NULL, &io, "678", 3, &offset, NULL));
    CHECK_STATUS(STATUS_SUCCESS, ZwQueryInformationFile(file, &io, &standard, sizeof standard,
                                                        FileStandardInformation));
    CHECK(standard.EndOfFile.QuadPart == 8 && !standard.Directory && standard.NumberOfLinks == 1);
    end.EndOfFile.QuadPart = 3;
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwSetInformationFile(file, &io, &end, sizeof end, FileEndOfFileInformation));
    offset.QuadPart = 0;
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwReadFile(file, NULL, NULL, NULL, &io, buffer, sizeof buffer, &offset, NULL));
    CHECK(io.Information == 3);
    CHECK_STATUS(STATUS_SUCCESS, ZwFlushBuffersFile(file, &io));
    ZwClose(file);
}

static void check_rename_and_delete(void)
{
    struct {
        FILE_RENAME_INFORMATION rename;
        WCHAR more[32];
    } info;
    FILE_DISPOSITION_INFORMATION disposition = {TRUE};
    FILE_BASIC_INFORMATION basic;
    struct {
        FILE_NAME_INFORMATION name;
        WCHAR more[64];
    } name;

    CHECK_STATUS(STATUS_SUCCESS, open(L"\\??\\C:\\data.bin", GENERIC_READ | GENERIC_WRITE | DELETE,
                                      FILE_SHARE_READ, FILE_OPEN, 0));
    RtlZeroMemory(&info, sizeof info);
    info.rename.FileNameLength = 16;
    RtlCopyMemory(info.rename.FileName, L"Data.New", 16);
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwSetInformationFile(file, &io, &info, sizeof info, FileRenameInformation));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryInformationFile(file, &io, &name, sizeof name, FileNameInformation));
    CHECK(name.name.FileNameLength == 18 && memcmp(name.name.FileName, L"\\Data.New", 18) == 0);
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW,
                 ZwQueryInformationFile(file, &io, &name, 8, FileNameInformation));
    info.rename.FileNameLength = 72;
    CHECK_STATUS(STATUS_INVALID_PARAMETER,
                 ZwSetInformationFile(file, &io, &info, 40, FileRenameInformation));
    RtlZeroMemory(&basic, sizeof basic);
    basic.LastWriteTime.QuadPart = 0x01D0000000000000ll;
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwSetInformationFile(file, &io, &basic, sizeof basic, FileBasicInformation));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryInformationFile(file, &io, &basic, sizeof basic, FileBasicInformation));
    CHECK(basic.LastWriteTime.QuadPart == 0x01D0000000000000ll);
    CHECK(basic.FileAttributes == FILE_ATTRIBUTE_ARCHIVE);
    CHECK_STATUS(STATUS_SUCCESS, ZwSetInformationFile(file, &io, &disposition, sizeof disposition,
                                                      FileDispositionInformation));
    ZwClose(file);
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, open_existing(L"\\??\\C:\\Data.New"));
}

static void check_directory(void)
{
    union {
        FILE_BOTH_DIR_INFORMATION both;
        UCHAR bytes[512];
    } data;
    PFILE_BOTH_DIR_INFORMATION second;
    UNICODE_STRING pattern;
    FILE_DISPOSITION_INFORMATION disposition = {TRUE};

    CHECK_STATUS(STATUS_SUCCESS, open(L"\\??\\C:\\Folder", FILE_LIST_DIRECTORY | DELETE, 0,
                                      FILE_CREATE, FILE_DIRECTORY_FILE));
    CHECK(io.Information == FILE_CREATED);
    ZwClose(file);
    CHECK_STATUS(STATUS_SUCCESS,
                 open(L"\\??\\C:\\folder\\b.txt", GENERIC_WRITE, 0, FILE_CREATE, 0));
    ZwClose(file);
    CHECK_STATUS(STATUS_SUCCESS,
                 open(L"\\??\\C:\\folder\\A.txt", GENERIC_WRITE, 0, FILE_CREATE, 0));
    ZwClose(file);
    CHECK_STATUS(STATUS_SUCCESS, open(L"\\??\\C:\\folder\\", FILE_LIST_DIRECTORY | DELETE,
                                      FILE_SHARE_READ, FILE_OPEN, FILE_DIRECTORY_FILE));
    RtlInitUnicodeString(&pattern, L"*.TXT");
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryDirectoryFile(file, NULL, NULL, NULL, &io, &data, sizeof data,
                                      FileBothDirectoryInformation, FALSE, &pattern, FALSE));
    CHECK(data.both.FileNameLength == 10 && data.both.FileName[0] == 'A');
    CHECK(data.both.NextEntryOffset != 0 && data.both.NextEntryOffset % 8 == 0);
    second = (PFILE_BOTH_DIR_INFORMATION)(data.bytes + data.both.NextEntryOffset);
    CHECK(second->NextEntryOffset == 0 && second->FileName[0] == 'b');
    CHECK_STATUS(STATUS_NO_MORE_FILES,
                 ZwQueryDirectoryFile(file, NULL, NULL, NULL, &io, &data, sizeof data,
                                      FileBothDirectoryInformation, FALSE, NULL, FALSE));
    CHECK_STATUS(STATUS_SUCCESS,
                 ZwQueryDirectoryFile(file, NULL, NULL, NULL, &io, &data, sizeof data,
                                      FileNamesInformation, TRUE, NULL, TRUE));
    CHECK(*(PULONG)(data.bytes + 8) == 10 && *(PULONG)data.bytes == 0);
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW,
                 ZwQueryDirectoryFile(file, NULL, NULL, NULL, &io, &data, 100,
                                      FileBothDirectoryInformation, TRUE, NULL, TRUE));
    CHECK_STATUS(STATUS_DIRECTORY_NOT_EMPTY,
                 ZwSetInformationFile(file, &io, &disposition, sizeof disposition,
                                      FileDispositionInformation));
    ZwClose(file);
    CHECK_STATUS(STATUS_SUCCESS, open(L"\\??\\C:\\Folder", FILE_LIST_DIRECTORY, FILE_SHARE_READ,
                                      FILE_OPEN, FILE_DIRECTORY_FILE));
    RtlInitUnicodeString(&pattern, L"nothing");
    CHECK_STATUS(STATUS_NO_SUCH_FILE,
                 ZwQueryDirectoryFile(file, NULL, NULL, NULL, &io, &data, sizeof data,
                                      FileBothDirectoryInformation, FALSE, &pattern, FALSE));
    ZwClose(file);
}

/* The volume's name, and behind it the file's on it. Who has too little room gets the beginning. */
static void check_full_name(void)
{
    static const WCHAR own[] = L"\\Windows\\Hello.txt";
    enum { OWN = sizeof(own) - sizeof(WCHAR) };
    struct {
        OBJECT_NAME_INFORMATION header;
        WCHAR text[120];
    } data, cut;
    UNICODE_STRING *name = &data.header.Name;
    ULONG size = 0, again = 0;
    PVOID object;

    CHECK_STATUS(STATUS_SUCCESS, open_existing(L"\\??\\C:\\Windows\\Hello.txt"));
    CHECK_STATUS(STATUS_SUCCESS,
                 ObReferenceObjectByHandle(file, 0, *IoFileObjectType, KernelMode, &object, NULL));
    CHECK_STATUS(STATUS_SUCCESS, ObQueryNameString(object, &data.header, sizeof(data), &size));
    CHECK(size == sizeof(data.header) + name->Length + sizeof(WCHAR) && name->Length > OWN);
    CHECK(RtlCompareMemory((PUCHAR)name->Buffer + name->Length - OWN, own, OWN) == OWN);
    CHECK(RtlCompareMemory(name->Buffer, L"\\Device\\", 16) == 16);
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW,
                 ObQueryNameString(object, &cut.header, size - sizeof(WCHAR), &again));
    CHECK(again == size && cut.header.Name.Length == name->Length - sizeof(WCHAR));
    CHECK_STATUS(STATUS_BUFFER_OVERFLOW,
                 ObQueryNameString(object, &cut.header, sizeof(cut.header), &again));
    CHECK_STATUS(STATUS_INFO_LENGTH_MISMATCH, ObQueryNameString(object, &cut.header, 8, &again));
    ObDereferenceObject(object);
    ZwClose(file);
}

static void check_by_name(void)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING string;
    FILE_NETWORK_OPEN_INFORMATION network;

    RtlInitUnicodeString(&string, L"\\??\\C:\\Windows\\Hello.txt");
    InitializeObjectAttributes(&attributes, &string, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    CHECK_STATUS(STATUS_SUCCESS, ZwQueryFullAttributesFile(&attributes, &network));
    CHECK(network.EndOfFile.QuadPart == 11);
    RtlInitUnicodeString(&string, L"\\??\\C:\\Folder\\A.txt");
    CHECK_STATUS(STATUS_SUCCESS, ZwDeleteFile(&attributes));
    CHECK_STATUS(STATUS_OBJECT_NAME_NOT_FOUND, ZwDeleteFile(&attributes));
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    (void)driver;
}

static struct check_group groups[] = {
    CHECK_GROUP(names),
    CHECK_GROUP(links),
    CHECK_GROUP(dispositions),
    CHECK_GROUP(transfer),
    CHECK_GROUP(rename_and_delete),
    CHECK_GROUP(directory),
    CHECK_GROUP(full_name),
    CHECK_GROUP(by_name),
};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    driver->DriverUnload = unload;
    run_groups(path, groups, RTL_NUMBER_OF(groups));
    return groups_result();
}
