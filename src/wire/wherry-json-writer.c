/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include <math.h>
#include <string.h>

#include "wire/wherry-json.h"

/* The JSON library's generator builds a tree first and cannot pass bytes through, hence this one.
 */
struct _WherryJsonWriter
{
  GString *text;
  guint depth;
  gboolean comma; /* the next value needs one before it */
};

WherryJsonWriter *
wherry_json_writer_new (void)
{
  WherryJsonWriter *self = g_new0 (WherryJsonWriter, 1);

  self->text = g_string_sized_new (256);
  return self;
}

void
wherry_json_writer_free (WherryJsonWriter *self)
{
  g_return_if_fail (self != NULL);

  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  g_free (self);
}

static void
append_escaped (GString *text, const char *value)
{
  for (const char *p = value; *p != '\0'; p++)
    {
      switch (*p)
        {
        case '"':
        case '\\':
          g_string_append_c (text, '\\');
          g_string_append_c (text, *p);
          break;
        case '\n':
          g_string_append (text, "\\n");
          break;
        case '\r':
          g_string_append (text, "\\r");
          break;
        case '\t':
          g_string_append (text, "\\t");
          break;
        default:
          if ((guchar) *p < 0x20 || *p == 0x7f)
            g_string_append_printf (text, "\\u%04x", (guint) *p);
          else
            g_string_append_c (text, *p);
          break;
        }
    }
}

static void
append_string (GString *text, const char *value)
{
  g_string_append_c (text, '"');
  if (g_utf8_validate (value, -1, NULL))
    {
      append_escaped (text, value);
    }
  else
    {
      /* A browser fails its socket on a text frame that is not UTF-8. */
      g_autofree char *valid = g_utf8_make_valid (value, -1);

      append_escaped (text, valid);
    }
  g_string_append_c (text, '"');
}

static void
begin_value (WherryJsonWriter *self, const char *name)
{
  if (self->comma)
    g_string_append_c (self->text, ',');
  if (name != NULL)
    {
      append_string (self->text, name);
      g_string_append_c (self->text, ':');
    }
  self->comma = TRUE;
}

static void
begin_bracket (WherryJsonWriter *self, const char *name, char bracket)
{
  begin_value (self, name);
  g_string_append_c (self->text, bracket);
  self->comma = FALSE;
  self->depth++;
}

static void
end_bracket (WherryJsonWriter *self, char bracket)
{
  g_return_if_fail (self->depth > 0);

  self->depth--;
  g_string_append_c (self->text, bracket);
  self->comma = TRUE;
}

void
wherry_json_writer_begin_object (WherryJsonWriter *self, const char *name)
{
  begin_bracket (self, name, '{');
}

void
wherry_json_writer_end_object (WherryJsonWriter *self)
{
  end_bracket (self, '}');
}

void
wherry_json_writer_begin_array (WherryJsonWriter *self, const char *name)
{
  begin_bracket (self, name, '[');
}

void
wherry_json_writer_end_array (WherryJsonWriter *self)
{
  end_bracket (self, ']');
}

void
wherry_json_writer_string (WherryJsonWriter *self, const char *name, const char *value)
{
  g_return_if_fail (value != NULL);

  begin_value (self, name);
  append_string (self->text, value);
}

void
wherry_json_writer_int (WherryJsonWriter *self, const char *name, gint64 value)
{
  begin_value (self, name);
  g_string_append_printf (self->text, "%" G_GINT64_FORMAT, value);
}

void
wherry_json_writer_uint (WherryJsonWriter *self, const char *name, guint64 value)
{
  begin_value (self, name);
  g_string_append_printf (self->text, "%" G_GUINT64_FORMAT, value);
}

void
wherry_json_writer_double (WherryJsonWriter *self, const char *name, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  begin_value (self, name);
  /* JSON has neither infinities nor NaN (RFC 8259 section 6). */
  g_string_append (self->text,
                   isfinite (value) ? g_ascii_dtostr (buffer, sizeof buffer, value) : "null");
}

void
wherry_json_writer_bool (WherryJsonWriter *self, const char *name, gboolean value)
{
  begin_value (self, name);
  g_string_append (self->text, value ? "true" : "false");
}

void
wherry_json_writer_null (WherryJsonWriter *self, const char *name)
{
  begin_value (self, name);
  g_string_append (self->text, "null");
}

void
wherry_json_writer_raw (WherryJsonWriter *self, const char *name, const char *json, gsize length)
{
  g_return_if_fail (json != NULL && length > 0);

  begin_value (self, name);
  g_string_append_len (self->text, json, (gssize) length);
}

char *
wherry_json_writer_finish (WherryJsonWriter *self, gsize *length)
{
  char *text;

  g_return_val_if_fail (self != NULL, NULL);
  g_warn_if_fail (self->depth == 0 && self->text->len > 0);

  if (length != NULL)
    *length = self->text->len;
  text = g_string_free (g_steal_pointer (&self->text), FALSE);
  wherry_json_writer_free (self);
  return text;
}
