/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-frame-watch.h"

#define FIN 0x80
#define CONTROL 0x08
#define MASKED 0x80

void
wherry_frame_watch_init (WherryFrameWatch *self, guint64 limit)
{
  *self = (WherryFrameWatch){ .limit = limit };
}

/* Bytes of extended payload length that follow the first two. */
static guint
extended_bytes (const WherryFrameWatch *self)
{
  guint length = self->head[1] & 0x7f;

  return length == 126 ? 2 : length == 127 ? 8 : 0;
}

/* The head is complete. FALSE: too large. */
static gboolean
begin_frame (WherryFrameWatch *self)
{
  guint extended = extended_bytes (self);
  guint64 payload = extended == 0 ? self->head[1] & 0x7f : 0;

  for (guint i = 0; i < extended; i++)
    payload = payload << 8 | self->head[2 + i];

  self->have = 0;
  if ((self->head[0] & CONTROL) == 0)
    {
      if ((self->head[0] & 0x0f) != 0)
        self->message = 0; /* the first of a message */
      if (payload > self->limit || self->message + payload > self->limit)
        return FALSE;
      self->message = (self->head[0] & FIN) != 0 ? 0 : self->message + payload;
    }
  else if (payload > self->limit)
    return FALSE;

  self->left = payload + ((self->head[1] & MASKED) != 0 ? 4 : 0);
  return TRUE;
}

gboolean
wherry_frame_watch_feed (WherryFrameWatch *self, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      if (self->left > 0)
        {
          gsize skipped = (gsize) MIN (self->left, length);

          self->left -= skipped;
          data += skipped;
          length -= skipped;
          continue;
        }

      self->head[self->have++] = *data++;
      length--;
      if (self->have >= 2 && self->have == 2 + extended_bytes (self) && !begin_frame (self))
        return FALSE;
    }
  return TRUE;
}
