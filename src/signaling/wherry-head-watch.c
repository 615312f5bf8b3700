/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-head-watch.h"

#include <string.h>

#define BAD_REQUEST 400
#define NOT_IMPLEMENTED 501
#define DIGITS_MAX 18 /* of a Content-Length: less than 2^63 */

void
wherry_head_watch_init (WherryHeadWatch *self)
{
  memset (self, 0, sizeof *self);
}

/* (transfer full) (nullable): the value of the line's field, if that is its name. */
static char *
dup_value (const char *line, const char *name)
{
  gsize length = strlen (name);
  const char *value = line + length;
  const char *end = line + strlen (line);

  if (g_ascii_strncasecmp (line, name, length) != 0)
    return NULL;
  value += strspn (value, " \t");
  if (*value != ':')
    return NULL;
  value++;
  value += strspn (value, " \t");
  while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  return g_strndup (value, (gsize) (end - value));
}

static guint
check_field (WherryHeadWatch *self)
{
  g_autofree char *length = dup_value (self->line, "Content-Length");
  g_autofree char *coding = dup_value (self->line, "Transfer-Encoding");

  if (self->line[0] == ' ' || self->line[0] == '\t')
    return BAD_REQUEST;
  if (length != NULL)
    return self->cut || *length == '\0' || strlen (length) > DIGITS_MAX
                   || length[strspn (length, "0123456789")] != '\0'
               ? BAD_REQUEST
               : 0;
  if (coding != NULL && (self->cut || g_ascii_strcasecmp (coding, "chunked") != 0))
    return NOT_IMPLEMENTED;
  return 0;
}

static guint
end_line (WherryHeadWatch *self)
{
  guint status = 0;

  if (self->have > 0 && self->line[self->have - 1] == '\r' && !self->cut)
    self->have--;
  self->line[self->have] = '\0';
  if (self->have == 0)
    self->over = self->lines > 0; /* one empty line may come first */
  else if (self->in_fields)
    status = check_field (self);
  else
    self->in_fields = TRUE;
  self->lines++;
  self->have = 0;
  self->cut = FALSE;
  return status;
}

guint
wherry_head_watch_feed (WherryHeadWatch *self, const guint8 *data, gsize length)
{
  for (gsize i = 0; i < length && !self->over; i++)
    if (data[i] == '\n')
      {
        guint status = end_line (self);

        if (status != 0)
          return status;
      }
    else if (self->have < sizeof self->line - 1)
      self->line[self->have++] = (char) data[i];
    else
      self->cut = TRUE;
  return 0;
}
