/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include "base/wherry-bytes.h"
#include "base/wherry-error.h"
#include "wire/wherry-frame.h"

/*  0       1               9               17
 *  +-------+---------------+---------------+----------
 *  | flags |   member id   |   sequence    | payload
 *  +-------+---------------+---------------+----------
 * Numbers are big-endian. */
#define FLAG_TEXT 0x01u
#define FLAG_REPLAYED 0x02u
#define FLAG_DIRECT 0x04u
#define FLAGS_KNOWN (FLAG_TEXT | FLAG_REPLAYED | FLAG_DIRECT)

gboolean
wherry_frame_parse (WherryFrame *frame, const guint8 *data, gsize length, GError **error)
{
  WherryReader reader;
  guint8 flags = 0;
  guint64 member = 0, sequence = 0;

  wherry_reader_init (&reader, data, length);
  wherry_reader_u8 (&reader, &flags);
  wherry_reader_u64 (&reader, &member);
  wherry_reader_u64 (&reader, &sequence);
  if (reader.failed)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "addressed message of %" G_GSIZE_FORMAT " bytes is shorter than its header",
                   length);
      return FALSE;
    }
  if ((flags & ~FLAGS_KNOWN) != 0)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "addressed message has reserved flags: 0x%02x", flags);
      return FALSE;
    }

  frame->text = (flags & FLAG_TEXT) != 0;
  frame->replayed = (flags & FLAG_REPLAYED) != 0;
  frame->direct = (flags & FLAG_DIRECT) != 0;
  frame->member = member;
  frame->sequence = sequence;
  return TRUE;
}

void
wherry_frame_write (const WherryFrame *frame, guint8 header[WHERRY_FRAME_HEADER_SIZE])
{
  WherryWriter writer;

  wherry_writer_init (&writer, header, WHERRY_FRAME_HEADER_SIZE);
  wherry_writer_u8 (&writer, (frame->text ? FLAG_TEXT : 0) | (frame->replayed ? FLAG_REPLAYED : 0)
                                 | (frame->direct ? FLAG_DIRECT : 0));
  wherry_writer_u64 (&writer, frame->member);
  wherry_writer_u64 (&writer, frame->sequence);
}

void
wherry_member_id_format (guint64 id, char string[WHERRY_MEMBER_ID_SIZE])
{
  static const char digits[] = "0123456789abcdef";

  for (guint i = 0; i < 16; i++)
    string[i] = digits[(id >> (60 - 4 * i)) & 0xf];
  string[16] = '\0';
}

gboolean
wherry_member_id_parse (const char *string, guint64 *id)
{
  guint64 value = 0;
  guint n = 0;

  if (string == NULL)
    return FALSE;
  for (; string[n] != '\0'; n++)
    {
      if (n == 16 || !g_ascii_isxdigit (string[n]) || g_ascii_isupper (string[n]))
        return FALSE;
      value = value << 4 | (guint) g_ascii_xdigit_value (string[n]);
    }
  if (n != 16 || value == WHERRY_MEMBER_ID_EVERYONE)
    return FALSE;
  *id = value;
  return TRUE;
}
