/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/stream/wherry-mux-frame.h"
#include "cli/wherry-terminal.h"
#include "lib/wherry.h"

#define FLAG_DIRECT 0x01u

static guint32
read_u32 (const guint8 *data)
{
  return (guint32) data[0] << 24 | (guint32) data[1] << 16 | (guint32) data[2] << 8 | data[3];
}

static void
write_u32 (guint8 *data, guint32 value)
{
  data[0] = (guint8) (value >> 24);
  data[1] = (guint8) (value >> 16);
  data[2] = (guint8) (value >> 8);
  data[3] = (guint8) value;
}

static gboolean
is_window (guint32 window)
{
  return window >= WHERRY_MUX_WINDOW_MIN && window <= WHERRY_MUX_WINDOW_MAX;
}

static gboolean
parse_greeting (WherryMuxFrame *frame, const guint8 *data, gsize length)
{
  WherryMuxGreeting *greeting = &frame->greeting;

  /* another version may have another greeting; that it is one can be answered */
  if (frame->stream != 0 || length < 1)
    return FALSE;
  greeting->version = data[0];
  if (greeting->version != WHERRY_MUX_VERSION)
    return TRUE;
  if (length != WHERRY_MUX_GREETING_SIZE || (data[2] & ~FLAG_DIRECT) != 0)
    return FALSE;
  greeting->kind = data[1];
  greeting->direct = (data[2] & FLAG_DIRECT) != 0;
  greeting->session_window = read_u32 (data + 3);
  greeting->stream_window = read_u32 (data + 7);
  return is_window (greeting->session_window) && is_window (greeting->stream_window);
}

static gboolean
parse_words (WherryMuxFrame *frame, const guint8 *data, gsize length)
{
  if ((frame->stream == 0) != (frame->type == WHERRY_MUX_REFUSE))
    return FALSE;
  if (length < 1 || length > 1 + WHERRY_MUX_TEXT_MAX
      || !g_utf8_validate_len ((const char *) data + 1, length - 1, NULL))
    return FALSE;
  frame->code = data[0];
  frame->text = length > 1 ? g_strndup ((const char *) data + 1, length - 1) : NULL;
  return TRUE;
}

static gboolean
parse_description (WherryMuxFrame *frame, const guint8 *data, gsize length)
{
  if (frame->stream != 0 || length < 1 || length > WHERRY_MUX_SDP_MAX
      || !g_utf8_validate_len ((const char *) data, length, NULL))
    return FALSE;
  frame->text = g_strndup ((const char *) data, length);
  return TRUE;
}

static gboolean
parse_data (WherryMuxFrame *frame, GBytes *message, gsize length)
{
  if (frame->stream == 0 || length < 1 || length > WHERRY_MUX_DATA_MAX)
    return FALSE;
  frame->data = g_bytes_new_from_bytes (message, WHERRY_MUX_HEADER_SIZE, length);
  return TRUE;
}

static gboolean
parse_credit (WherryMuxFrame *frame, const guint8 *data, gsize length)
{
  if (length != 4)
    return FALSE;
  frame->credit = read_u32 (data);
  return frame->credit >= 1 && frame->credit <= WHERRY_MUX_WINDOW_MAX;
}

static gboolean
parse_payload (WherryMuxFrame *frame, GBytes *message, const guint8 *data, gsize length)
{
  switch (frame->type)
    {
    case WHERRY_MUX_INVITE:
    case WHERRY_MUX_ACCEPT:
      return parse_greeting (frame, data, length);
    case WHERRY_MUX_REFUSE:
    case WHERRY_MUX_RESET:
      return parse_words (frame, data, length);
    case WHERRY_MUX_DESCRIBE:
      return parse_description (frame, data, length);
    case WHERRY_MUX_OPEN:
    case WHERRY_MUX_END:
    case WHERRY_MUX_DONE:
      return frame->stream != 0 && length == 0;
    case WHERRY_MUX_DATA:
      return parse_data (frame, message, length);
    case WHERRY_MUX_CREDIT:
      return parse_credit (frame, data, length);
    default:
      return FALSE;
    }
}

gboolean
wherry_mux_frame_parse (WherryMuxFrame *frame, GBytes *message, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (message, &length);

  memset (frame, 0, sizeof *frame);
  if (length >= WHERRY_MUX_HEADER_SIZE)
    {
      frame->type = data[0];
      frame->stream = read_u32 (data + 1);
      if (parse_payload (frame, message, data + WHERRY_MUX_HEADER_SIZE,
                         length - WHERRY_MUX_HEADER_SIZE))
        return TRUE;
    }
  wherry_mux_frame_clear (frame);
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                       _ ("the other side sent what is none of its messages"));
  return FALSE;
}

static gsize
write_payload (const WherryMuxFrame *frame, guint8 *payload)
{
  gsize length;

  switch (frame->type)
    {
    case WHERRY_MUX_INVITE:
    case WHERRY_MUX_ACCEPT:
      payload[0] = frame->greeting.version;
      payload[1] = frame->greeting.kind;
      payload[2] = frame->greeting.direct ? FLAG_DIRECT : 0;
      write_u32 (payload + 3, frame->greeting.session_window);
      write_u32 (payload + 7, frame->greeting.stream_window);
      return WHERRY_MUX_GREETING_SIZE;
    case WHERRY_MUX_REFUSE:
    case WHERRY_MUX_RESET:
      payload[0] = frame->code;
      length = frame->text != NULL ? strlen (frame->text) : 0;
      if (length > WHERRY_MUX_TEXT_MAX) /* not in the middle of a character */
        length
            = g_utf8_find_prev_char (frame->text, frame->text + WHERRY_MUX_TEXT_MAX) - frame->text;
      if (length > 0)
        memcpy (payload + 1, frame->text, length);
      return 1 + length;
    case WHERRY_MUX_DATA:
      memcpy (payload, g_bytes_get_data (frame->data, NULL), g_bytes_get_size (frame->data));
      return g_bytes_get_size (frame->data);
    case WHERRY_MUX_CREDIT:
      write_u32 (payload, frame->credit);
      return 4;
    case WHERRY_MUX_DESCRIBE:
      length = strlen (frame->text);
      memcpy (payload, frame->text, length);
      return length;
    case WHERRY_MUX_OPEN:
    case WHERRY_MUX_END:
    case WHERRY_MUX_DONE:
    default:
      return 0;
    }
}

GBytes *
wherry_mux_frame_format (const WherryMuxFrame *frame)
{
  gsize room = MAX (1 + WHERRY_MUX_TEXT_MAX, WHERRY_MUX_GREETING_SIZE);
  guint8 *message;
  gsize length;

  if (frame->type == WHERRY_MUX_DATA)
    {
      g_assert (g_bytes_get_size (frame->data) <= WHERRY_MUX_DATA_MAX);
      room = g_bytes_get_size (frame->data);
    }
  else if (frame->type == WHERRY_MUX_DESCRIBE)
    {
      g_assert (strlen (frame->text) <= WHERRY_MUX_SDP_MAX);
      room = WHERRY_MUX_SDP_MAX;
    }
  message = g_malloc (WHERRY_MUX_HEADER_SIZE + room);
  message[0] = (guint8) frame->type;
  write_u32 (message + 1, frame->stream);
  length = write_payload (frame, message + WHERRY_MUX_HEADER_SIZE);
  return g_bytes_new_take (message, WHERRY_MUX_HEADER_SIZE + length);
}

void
wherry_mux_frame_clear (WherryMuxFrame *frame)
{
  g_clear_pointer (&frame->text, g_free);
  g_clear_pointer (&frame->data, g_bytes_unref);
}

GError *
wherry_mux_error_new (guint8 code, const char *text)
{
  static const struct
  {
    WherryError code;
    const char *text;
  } kinds[] = {
    [0] = { WHERRY_ERROR_FAILED, N_ ("the other side gave up") },
    [WHERRY_MUX_CODE_ABORTED] = { WHERRY_ERROR_CLOSED, N_ ("the other side broke off") },
    [WHERRY_MUX_CODE_REFUSED] = { WHERRY_ERROR_FORBIDDEN, N_ ("the other side refused") },
    [WHERRY_MUX_CODE_LIMIT] = { WHERRY_ERROR_LIMIT, N_ ("that is too many for the other side") },
    [WHERRY_MUX_CODE_BUSY] = { WHERRY_ERROR_FORBIDDEN, N_ ("the other side is busy") },
    [WHERRY_MUX_CODE_VERSION]
    = { WHERRY_ERROR_UNSUPPORTED, N_ ("the other side has another version of Wherry") },
    [WHERRY_MUX_CODE_PROTOCOL]
    = { WHERRY_ERROR_PROTOCOL, N_ ("the other side did not understand") },
    [WHERRY_MUX_CODE_LEFT] = { WHERRY_ERROR_CLOSED, N_ ("the other side was ended") },
  };
  guint kind = code < G_N_ELEMENTS (kinds) ? code : 0;
  g_autofree char *safe = text != NULL ? wherry_terminal_safe (text) : NULL;

  if (safe == NULL)
    return g_error_new_literal (WHERRY_ERROR, kinds[kind].code, _ (kinds[kind].text));
  return g_error_new (WHERRY_ERROR, kinds[kind].code, "%s: %s", _ (kinds[kind].text), safe);
}
