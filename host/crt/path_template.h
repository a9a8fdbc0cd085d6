/*
 * Paths taken apart and put together, for both character widths. The including file defines UNIT,
 * the character type, and SPLIT and MAKE, the functions' names. Sizes are in characters.
 */

/* A part of the path and where it goes. */
struct NAMED(part) {
    const UNIT *from;
    size_t length;
    UNIT *to;
    size_t size;
};

static int NAMED(is_slash)(UNIT unit)
{
    return unit == '\\' || unit == '/';
}

/* The drive with its colon, the folder with its last slash, the name, the rest from the last dot.
 */
static void NAMED(divide)(const UNIT *path, struct NAMED(part) parts[4])
{
    size_t length = 0, start, name, dot;

    while (path[length] != 0)
        length++;
    start = length >= 2 && path[1] == ':' ? 2 : 0;
    for (name = length; name > start && !NAMED(is_slash)(path[name - 1]); name--)
        ;
    for (dot = length; dot > name && path[dot - 1] != '.'; dot--)
        ;
    dot = dot > name ? dot - 1 : length;
    parts[0].from = path, parts[0].length = start;
    parts[1].from = path + start, parts[1].length = name - start;
    parts[2].from = path + name, parts[2].length = dot - name;
    parts[3].from = path + dot, parts[3].length = length - dot;
}

static errno_t NAMED(refuse_parts)(struct NAMED(part) parts[4], errno_t error)
{
    for (int i = 0; i < 4; i++)
        if (parts[i].to && parts[i].size)
            parts[i].to[0] = 0;
    return error;
}

CRT_API errno_t SPLIT(const UNIT *path, UNIT *drive, size_t drive_size, UNIT *folder,
                      size_t folder_size, UNIT *name, size_t name_size, UNIT *extension,
                      size_t extension_size)
{
    struct NAMED(part) parts[4] = {{NULL, 0, drive, drive_size},
                                   {NULL, 0, folder, folder_size},
                                   {NULL, 0, name, name_size},
                                   {NULL, 0, extension, extension_size}};

    for (int i = 0; i < 4; i++)
        if (!parts[i].to != !parts[i].size)
            return NAMED(refuse_parts)(parts, CRT_EINVAL);
    if (!path)
        return NAMED(refuse_parts)(parts, CRT_EINVAL);
    NAMED(divide)(path, parts);
    for (int i = 0; i < 4; i++)
        if (parts[i].to && parts[i].length >= parts[i].size)
            return NAMED(refuse_parts)(parts, CRT_ERANGE);
    for (int i = 0; i < 4; i++) {
        if (!parts[i].to)
            continue;
        for (size_t at = 0; at < parts[i].length; at++)
            parts[i].to[at] = parts[i].from[at];
        parts[i].to[parts[i].length] = 0;
    }
    return 0;
}

/* Adds one character; counts on beyond the end, which the caller finds out. */
static void NAMED(put)(UNIT *path, size_t size, size_t *used, UNIT unit)
{
    if (*used < size)
        path[*used] = unit;
    ++*used;
}

static void NAMED(put_all)(UNIT *path, size_t size, size_t *used, const UNIT *text)
{
    for (; text && *text; text++)
        NAMED(put)(path, size, used, *text);
}

CRT_API errno_t MAKE(UNIT *path, size_t size, const UNIT *drive, const UNIT *folder,
                     const UNIT *name, const UNIT *extension)
{
    size_t used = 0;

    if (!path || !size)
        return CRT_EINVAL;
    if (drive && *drive) {
        NAMED(put)(path, size, &used, *drive);
        NAMED(put)(path, size, &used, ':');
    }
    NAMED(put_all)(path, size, &used, folder);
    if (folder && *folder && used <= size && !NAMED(is_slash)(path[used - 1]))
        NAMED(put)(path, size, &used, '\\');
    NAMED(put_all)(path, size, &used, name);
    if (extension && *extension && *extension != '.')
        NAMED(put)(path, size, &used, '.');
    NAMED(put_all)(path, size, &used, extension);
    NAMED(put)(path, size, &used, 0);
    if (used <= size)
        return 0;
    path[0] = 0;
    return CRT_ERANGE;
}
