/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include "wire/wherry-tunnel-frame.h"

#include "base/wherry-bytes.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#define FLAG_END 1u
#define HELLO_SIZE 9u
#define CREDIT_SIZE 4u

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "a frame of the tunnel %s", what);
  return FALSE;
}

static gboolean
check_data (const WherryTunnelFrame *frame, GError **error)
{
  switch (frame->ppid)
    {
    case WHERRY_PPID_DCEP:
    case WHERRY_PPID_STRING:
    case WHERRY_PPID_BINARY:
      if (frame->length == 0 || frame->length > WHERRY_TUNNEL_FRAGMENT_MAX)
        return refuse (error, "has a fragment that is empty or too long");
      return TRUE;
    case WHERRY_PPID_STRING_EMPTY:
    case WHERRY_PPID_BINARY_EMPTY:
      if (frame->length != 0 || !frame->end)
        return refuse (error, "says that it is empty and is not");
      return TRUE;
    default:
      return refuse (error, "has data of no known kind");
    }
}

static gboolean
parse_payload (WherryTunnelFrame *frame, GError **error)
{
  WherryReader reader;
  guint8 version = WHERRY_TUNNEL_VERSION;
  gsize length = 0;

  wherry_reader_init (&reader, frame->data, frame->length);
  switch (frame->type)
    {
    case WHERRY_TUNNEL_DATA:
      return check_data (frame, error);
    case WHERRY_TUNNEL_HELLO:
      length = HELLO_SIZE;
      wherry_reader_u8 (&reader, &version);
      wherry_reader_u32 (&reader, &frame->max_message_size);
      wherry_reader_u32 (&reader, &frame->credit);
      break;
    case WHERRY_TUNNEL_CREDIT:
      length = CREDIT_SIZE;
      wherry_reader_u32 (&reader, &frame->credit);
      break;
    case WHERRY_TUNNEL_RESET:
    case WHERRY_TUNNEL_RESET_DONE:
    case WHERRY_TUNNEL_SWITCH:
    case WHERRY_TUNNEL_SWITCHED:
    case WHERRY_TUNNEL_CLOSE:
    default:
      break;
    }
  if (frame->length != length)
    return refuse (error, "has a payload of the wrong length");
  if (version != WHERRY_TUNNEL_VERSION)
    return refuse (error, "is of another version");
  return TRUE;
}

gboolean
wherry_tunnel_frame_parse (WherryTunnelFrame *frame, const guint8 *data, gsize length, gsize *used,
                           GError **error)
{
  gboolean is_data;
  gboolean has_stream;

  if (length < WHERRY_TUNNEL_HEADER_SIZE)
    return refuse (error, "is shorter than its header");
  if (data[0] > WHERRY_TUNNEL_CLOSE)
    return refuse (error, "is of no known type");
  *frame = (WherryTunnelFrame){
    .type = (WherryTunnelType) data[0],
    .end = (data[1] & FLAG_END) != 0,
    .stream = (guint16) (data[2] << 8 | data[3]),
    .ppid = data[4],
    .data = data + WHERRY_TUNNEL_HEADER_SIZE,
    .length = (gsize) data[5] << 16 | (gsize) data[6] << 8 | data[7],
  };
  is_data = frame->type == WHERRY_TUNNEL_DATA;
  has_stream
      = is_data || frame->type == WHERRY_TUNNEL_RESET || frame->type == WHERRY_TUNNEL_RESET_DONE;
  if ((data[1] & ~(is_data ? FLAG_END : 0u)) != 0 || (!is_data && frame->ppid != 0)
      || (!has_stream && frame->stream != 0) || frame->stream >= WHERRY_SCTP_STREAMS_MAX)
    return refuse (error, "uses a field that it must not");
  if (frame->length > length - WHERRY_TUNNEL_HEADER_SIZE)
    return refuse (error, "is longer than what it came in");
  if (!parse_payload (frame, error))
    return FALSE;
  *used = WHERRY_TUNNEL_HEADER_SIZE + frame->length;
  return TRUE;
}

void
wherry_tunnel_frame_write (const WherryTunnelFrame *frame, GByteArray *out)
{
  guint8 fixed[WHERRY_TUNNEL_HEADER_SIZE + HELLO_SIZE];
  gsize length = frame->type == WHERRY_TUNNEL_DATA     ? frame->length
                 : frame->type == WHERRY_TUNNEL_HELLO  ? HELLO_SIZE
                 : frame->type == WHERRY_TUNNEL_CREDIT ? CREDIT_SIZE
                                                       : 0;
  WherryWriter writer;

  wherry_writer_init (&writer, fixed, sizeof fixed);
  wherry_writer_u8 (&writer, (guint8) frame->type);
  wherry_writer_u8 (&writer, frame->end ? FLAG_END : 0);
  wherry_writer_u16 (&writer, frame->stream);
  wherry_writer_u8 (&writer, frame->ppid);
  wherry_writer_u8 (&writer, (guint8) (length >> 16));
  wherry_writer_u16 (&writer, (guint16) length);
  if (frame->type == WHERRY_TUNNEL_HELLO)
    {
      wherry_writer_u8 (&writer, WHERRY_TUNNEL_VERSION);
      wherry_writer_u32 (&writer, frame->max_message_size);
    }
  if (frame->type == WHERRY_TUNNEL_HELLO || frame->type == WHERRY_TUNNEL_CREDIT)
    wherry_writer_u32 (&writer, frame->credit);
  g_byte_array_append (out, fixed, (guint) writer.length);
  if (frame->type == WHERRY_TUNNEL_DATA && length > 0)
    g_byte_array_append (out, frame->data, (guint) length);
}
