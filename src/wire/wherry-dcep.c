/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "base/wherry-bytes.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-dcep.h"

/* RFC 8832 section 5.1, DATA_CHANNEL_OPEN:
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |  type = 0x03  | channel type  |           priority            |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                     reliability parameter                     |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |         label length          |        protocol length        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                         label, protocol                       |
 *
 * Section 5.2, DATA_CHANNEL_ACK: the one byte 0x02. */
#define OPEN_HEADER_SIZE 12u
#define CHANNEL_TYPE_UNORDERED 0x80u
/* pion sends its acknowledgment in four bytes, three of them zero */
#define ACK_MAX 4u
#define CHANNEL_TYPE_KIND 0x7fu

gboolean
wherry_dcep_get_type (const guint8 *data, gsize length, WherryDcepType *type, GError **error)
{
  if (length == 0)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "DCEP message is empty");
      return FALSE;
    }
  if (data[0] != WHERRY_DCEP_OPEN && data[0] != WHERRY_DCEP_ACK)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "DCEP message has the unknown type 0x%02x", data[0]);
      return FALSE;
    }
  *type = data[0];
  return TRUE;
}

/* A length that 16 bits cannot count, or bytes that are no text. */
static gboolean
check_text (const char *what, const guint8 *data, gsize length, GError **error)
{
  if (length > WHERRY_CHANNEL_NAME_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                   "DCEP open: %s of %" G_GSIZE_FORMAT " bytes, more than %u", what, length,
                   WHERRY_CHANNEL_NAME_MAX);
      return FALSE;
    }
  /* With a length, g_utf8_validate() also refuses a NUL (RFC 8832 section 5.1 asks for UTF-8; a NUL
   * would cut our strings short, so that two labels could be taken for one). */
  if (!g_utf8_validate ((const char *) data, length, NULL))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "DCEP open: %s is not UTF-8 without NUL", what);
      return FALSE;
    }
  return TRUE;
}

gboolean
wherry_dcep_open_parse (WherryDcepOpen *open, const guint8 *data, gsize length, GError **error)
{
  WherryReader reader;
  guint8 type = 0, channel_type = 0;
  guint16 priority = 0, label_length = 0, protocol_length = 0;
  guint32 value = 0;
  const guint8 *label = NULL, *protocol = NULL;

  wherry_reader_init (&reader, data, length);
  wherry_reader_u8 (&reader, &type);
  wherry_reader_u8 (&reader, &channel_type);
  wherry_reader_u16 (&reader, &priority);
  wherry_reader_u32 (&reader, &value);
  wherry_reader_u16 (&reader, &label_length);
  wherry_reader_u16 (&reader, &protocol_length);
  wherry_reader_bytes (&reader, label_length, &label);
  wherry_reader_bytes (&reader, protocol_length, &protocol);
  if (reader.failed || wherry_reader_left (&reader) > 0)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "DCEP open: %" G_GSIZE_FORMAT " bytes do not match the lengths inside", length);
      return FALSE;
    }
  if (type != WHERRY_DCEP_OPEN)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "DCEP message of type 0x%02x is not an open", type);
      return FALSE;
    }
  if ((channel_type & CHANNEL_TYPE_KIND) > WHERRY_DCEP_TIMED)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                   "DCEP open: unknown channel type 0x%02x", channel_type);
      return FALSE;
    }
  if (!check_text ("label", label, label_length, error)
      || !check_text ("protocol", protocol, protocol_length, error))
    return FALSE;

  open->ordered = (channel_type & CHANNEL_TYPE_UNORDERED) == 0;
  open->reliability = channel_type & CHANNEL_TYPE_KIND;
  open->value = open->reliability == WHERRY_DCEP_RELIABLE ? 0 : value;
  open->priority = priority;
  open->label = g_strndup ((const char *) label, label_length);
  open->protocol = g_strndup ((const char *) protocol, protocol_length);
  return TRUE;
}

guint8 *
wherry_dcep_open_write (const WherryDcepOpen *open, gsize *length, GError **error)
{
  const char *label = open->label != NULL ? open->label : "";
  const char *protocol = open->protocol != NULL ? open->protocol : "";
  gsize label_length = strlen (label);
  gsize protocol_length = strlen (protocol);
  g_autoptr (GError) inner = NULL;
  gsize size = OPEN_HEADER_SIZE + label_length + protocol_length;
  WherryWriter writer;
  guint8 *data;

  if ((guint) open->reliability > WHERRY_DCEP_TIMED)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "DCEP open: no such reliability: %u", (guint) open->reliability);
      return NULL;
    }
  if (!check_text ("label", (const guint8 *) label, label_length, &inner)
      || !check_text ("protocol", (const guint8 *) protocol, protocol_length, &inner))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, inner->message);
      return NULL;
    }

  data = g_malloc (size);
  wherry_writer_init (&writer, data, size);
  wherry_writer_u8 (&writer, WHERRY_DCEP_OPEN);
  wherry_writer_u8 (&writer, open->reliability | (open->ordered ? 0 : CHANNEL_TYPE_UNORDERED));
  wherry_writer_u16 (&writer, open->priority);
  /* RFC 8832 section 5.1: 0 on a reliable channel */
  wherry_writer_u32 (&writer, open->reliability == WHERRY_DCEP_RELIABLE ? 0 : open->value);
  wherry_writer_u16 (&writer, label_length);
  wherry_writer_u16 (&writer, protocol_length);
  wherry_writer_bytes (&writer, (const guint8 *) label, label_length);
  wherry_writer_bytes (&writer, (const guint8 *) protocol, protocol_length);
  g_assert (!writer.failed && writer.length == size);
  *length = size;
  return data;
}

gboolean
wherry_dcep_ack_parse (const guint8 *data, gsize length, GError **error)
{
  if (length == 0 || length > ACK_MAX || data[0] != WHERRY_DCEP_ACK)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "DCEP acknowledgment of %" G_GSIZE_FORMAT " bytes is not the one byte 0x02",
                   length);
      return FALSE;
    }
  return TRUE;
}

const guint8 *
wherry_dcep_ack_get (gsize *length)
{
  static const guint8 ack[] = { WHERRY_DCEP_ACK };

  *length = sizeof ack;
  return ack;
}

void
wherry_dcep_open_clear (WherryDcepOpen *open)
{
  g_clear_pointer (&open->label, g_free);
  g_clear_pointer (&open->protocol, g_free);
}
