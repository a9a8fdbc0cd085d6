/*
 * Stands in for a program of Windows that Wine lacks (fltmc, bcdedit, certutil ...), under whose
 * name it is put somewhere: adds its name and arguments as a line to calls.txt beside it, and exits
 * with the number in NAME.code there, 0 where that is not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

int main(int argc, char **argv)
{
    char path[MAX_PATH + 16];
    char name[MAX_PATH];
    char *separator;
    FILE *file;
    int code = 0;
    int index;

    GetModuleFileNameA(NULL, path, MAX_PATH);
    separator = strrchr(path, '\\');
    strcpy(name, separator + 1);
    *strrchr(name, '.') = '\0';
    strcpy(separator + 1, "calls.txt");
    file = fopen(path, "ab");
    if (file == NULL)
        return 99;
    fprintf(file, "%s", name);
    for (index = 1; index < argc; index++)
        fprintf(file, " %s", argv[index]);
    fprintf(file, "\n");
    fclose(file);

    snprintf(separator + 1, sizeof(path) - (size_t)(separator + 1 - path), "%s.code", name);
    file = fopen(path, "r");
    if (file != NULL) {
        if (fscanf(file, "%d", &code) != 1)
            code = 99;
        fclose(file);
    }
    return code;
}
