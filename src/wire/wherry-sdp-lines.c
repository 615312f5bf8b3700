/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-sdp-lines.h"

/* RFC 8866 section 5: lines of <type>=<value>, no space around "=", ended by CRLF; section 9 asks
 * parsers to take a bare LF too. NUL, and CR elsewhere, stand in no line. */

gboolean
wherry_sdp_line_fail (const WherrySdpLine *line, const char *message, GError **error)
{
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "description line %u: %s", line->number,
               message);
  return FALSE;
}

static gboolean
is_blank (WherrySdpText text)
{
  for (gsize i = 0; i < text.length; i++)
    if (text.data[i] != '\r' && text.data[i] != '\n')
      return FALSE;
  return TRUE;
}

static gboolean
split_line (WherrySdpLine *line, WherrySdpText raw, GError **error)
{
  if (raw.length > 0 && raw.data[raw.length - 1] == '\r')
    raw.length--;
  if (raw.length < 2 || !g_ascii_islower (raw.data[0]) || raw.data[1] != '=')
    return wherry_sdp_line_fail (line, "not of the form <letter>=<value>", error);
  if (memchr (raw.data, '\0', raw.length) != NULL || memchr (raw.data, '\r', raw.length) != NULL)
    return wherry_sdp_line_fail (line, "a NUL or a carriage return inside the line", error);
  line->type = raw.data[0];
  line->value.data = raw.data + 2;
  line->value.length = raw.length - 2;
  return TRUE;
}

static gboolean
split (WherrySdpLines *self, const char *data, gsize length, gboolean is_whole, GError **error)
{
  WherrySdpText rest = { data, length };
  WherrySdpText raw;
  WherrySdpLine line = { 0 };

  self->lines = g_array_new (FALSE, FALSE, sizeof (WherrySdpLine));
  self->n_sections = 0;
  if (length > WHERRY_SDP_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                   "description: %" G_GSIZE_FORMAT " bytes are more than %u", length,
                   WHERRY_SDP_MAX);
      return FALSE;
    }
  /* blank lines at the end come with copy and paste */
  while (!is_blank (rest) && wherry_sdp_text_next (&rest, '\n', &raw))
    {
      line.number++;
      if (line.number > WHERRY_SDP_LINES_MAX)
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "description: more than %u lines",
                       WHERRY_SDP_LINES_MAX);
          return FALSE;
        }
      if (!split_line (&line, raw, error))
        return FALSE;
      if (is_whole && line.number == 1
          && (line.type != 'v' || !wherry_sdp_text_equal (line.value, "0")))
        return wherry_sdp_line_fail (&line, "a description begins with v=0", error);
      if (line.type == 'm')
        line.section = ++self->n_sections;
      g_array_append_val (self->lines, line);
    }
  if (line.number == 0)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "description: it is empty");
      return FALSE;
    }
  return TRUE;
}

gboolean
wherry_sdp_lines_split (WherrySdpLines *self, const char *data, gsize length, GError **error)
{
  return split (self, data, length, TRUE, error);
}

gboolean
wherry_sdp_lines_split_fragment (WherrySdpLines *self, const char *data, gsize length,
                                 GError **error)
{
  return split (self, data, length, FALSE, error);
}

void
wherry_sdp_lines_clear (WherrySdpLines *self)
{
  g_clear_pointer (&self->lines, g_array_unref);
}

const WherrySdpLine *
wherry_sdp_lines_next_attribute (const WherrySdpLines *self, guint section, const char *name,
                                 guint *position, WherrySdpText *value)
{
  while (*position < self->lines->len)
    {
      const WherrySdpLine *line = &g_array_index (self->lines, WherrySdpLine, *position);
      WherrySdpText text = line->value;

      if (line->section > section)
        return NULL;
      (*position)++;
      if (line->section != section || line->type != 'a' || !wherry_sdp_text_skip (&text, name))
        continue;
      if (text.length > 0 && !wherry_sdp_text_skip (&text, ":"))
        continue;
      if (value != NULL)
        *value = text;
      return line;
    }
  return NULL;
}

const WherrySdpLine *
wherry_sdp_lines_find_attribute (const WherrySdpLines *self, guint section, const char *name,
                                 WherrySdpText *value)
{
  guint position = 0;

  return wherry_sdp_lines_next_attribute (self, section, name, &position, value);
}

gboolean
wherry_sdp_lines_has_attribute (const WherrySdpLines *self, guint section, const char *name)
{
  return wherry_sdp_lines_find_attribute (self, section, name, NULL) != NULL;
}
