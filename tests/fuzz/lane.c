/*
 * A ring's lane with a peer that writes whatever it likes wherever it may: the driver's end must
 * never touch a byte outside of the lane, give a message that is not wholly in it, or count on
 * anything that it has not checked. The input is a list of operations.
 */
#include <stdint.h>
#include <stdlib.h>

#include <ring/lane.h>

#define CAPACITY 256u
#define MAXIMUM  120u

struct input {
    const uint8_t *data;
    size_t size;
};

static uint32_t take(struct input *input, unsigned count)
{
    uint32_t value = 0;

    for (; count != 0 && input->size != 0; count--, input->data++, input->size--)
        value = value << 8 | *input->data;
    return value;
}

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* A value near what would be right, or any at all. */
static uint32_t scribble(struct input *input, uint32_t right)
{
    uint32_t how = take(input, 1);

    if (how < 128)
        return right + 8 * how;
    if (how < 192)
        return right - (how - 128);
    return take(input, 4);
}

static bool read_one(struct sb_lane_reader *reader, unsigned char *lane)
{
    unsigned char copy[MAXIMUM];
    struct sb_lane_message message;
    enum sb_lane_result result = sb_lane_peek(reader, &message);
    const unsigned char *bytes;

    if (result != SB_LANE_OK)
        return result == SB_LANE_WAIT;
    bytes = message.bytes;
    require(message.length >= 1 && message.length <= MAXIMUM);
    require(bytes >= lane + 8 && bytes + message.length <= lane + CAPACITY);
    sb_lane_copy(copy, bytes, message.length);
    memset(lane, 0xFF, 8); /* the peer changes a header between look and take */
    sb_lane_take(reader, &message);
    require(reader->tail - reader->next <= CAPACITY);
    require(reader->next - reader->head <= CAPACITY);
    return true;
}

static bool write_one(struct sb_lane_writer *writer, unsigned char *lane, uint32_t length)
{
    void *room;
    enum sb_lane_result result = sb_lane_reserve(writer, length, &room);
    unsigned char *bytes;

    if (result != SB_LANE_OK)
        return result == SB_LANE_WAIT;
    bytes = room;
    require(bytes >= lane + 8 && bytes + length <= lane + CAPACITY);
    memset(bytes, 0x55, length);
    sb_lane_commit(writer, length, 1);
    require(writer->next - writer->head <= CAPACITY);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(SB_RING_LINE) struct sb_lane_lines in_lines, out_lines;
    struct input input = {data, size};
    struct sb_lane_reader reader;
    struct sb_lane_writer writer;
    unsigned char *in = calloc(1, CAPACITY);
    unsigned char *out = calloc(1, CAPACITY);
    bool good = true;

    memset(&in_lines, 0, sizeof(in_lines));
    memset(&out_lines, 0, sizeof(out_lines));
    sb_lane_reader_open(&reader, &in_lines, in, CAPACITY, MAXIMUM);
    sb_lane_writer_open(&writer, &out_lines, out, CAPACITY);
    while (good && input.size != 0) {
        uint32_t where;

        switch (take(&input, 1) % 8) {
        case 0:
            atomic_store(&in_lines.tail, scribble(&input, reader.tail));
            break;
        case 1:
            atomic_store(&out_lines.head, scribble(&input, writer.tail));
            break;
        case 2: /* a header, likely where the reader looks next */
            where = (scribble(&input, reader.next) & (CAPACITY - 1)) & ~3u;
            in[where] = (unsigned char)take(&input, 1);
            memset(in + where + 1, take(&input, 1) & 1 ? 0xFF : 0, 3);
            break;
        case 3: /* the flags */
            atomic_store(&in_lines.writer_sleeps, take(&input, 1));
            atomic_store(&out_lines.reader_sleeps, take(&input, 1));
            break;
        case 4:
        case 5:
            good = read_one(&reader, in);
            break;
        case 6:
            good = write_one(&writer, out, 1 + take(&input, 1) % MAXIMUM);
            break;
        default:
            if (sb_lane_release_is_due(&reader) || take(&input, 1) & 1)
                sb_lane_release(&reader);
            sb_lane_publish(&writer);
            break;
        }
    }
    free(in);
    free(out);
    return 0;
}
