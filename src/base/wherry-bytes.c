/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-base"

#include "config.h"

#include <string.h>

#include "base/wherry-bytes.h"

void
wherry_reader_init (WherryReader *self, const guint8 *data, gsize length)
{
  *self = (WherryReader){ .data = data, .length = length };
}

gsize
wherry_reader_left (const WherryReader *self)
{
  return self->failed ? 0 : self->length - self->offset;
}

gboolean
wherry_reader_bytes (WherryReader *self, gsize n, const guint8 **out)
{
  if (self->failed || n > self->length - self->offset)
    {
      self->failed = TRUE;
      *out = NULL;
      return FALSE;
    }

  /* nothing may be added to NULL, not even 0 */
  *out = self->offset > 0 ? self->data + self->offset : self->data;
  self->offset += n;
  return TRUE;
}

static gboolean
read_big_endian (WherryReader *self, gsize n, guint64 *out)
{
  const guint8 *bytes;

  *out = 0;
  if (!wherry_reader_bytes (self, n, &bytes))
    return FALSE;

  for (gsize i = 0; i < n; i++)
    *out = *out << 8 | bytes[i];
  return TRUE;
}

gboolean
wherry_reader_u8 (WherryReader *self, guint8 *out)
{
  guint64 value;
  gboolean ok = read_big_endian (self, 1, &value);

  *out = (guint8) value;
  return ok;
}

gboolean
wherry_reader_u16 (WherryReader *self, guint16 *out)
{
  guint64 value;
  gboolean ok = read_big_endian (self, 2, &value);

  *out = (guint16) value;
  return ok;
}

gboolean
wherry_reader_u32 (WherryReader *self, guint32 *out)
{
  guint64 value;
  gboolean ok = read_big_endian (self, 4, &value);

  *out = (guint32) value;
  return ok;
}

gboolean
wherry_reader_u64 (WherryReader *self, guint64 *out)
{
  return read_big_endian (self, 8, out);
}

void
wherry_writer_init (WherryWriter *self, guint8 *data, gsize capacity)
{
  *self = (WherryWriter){ .data = data, .capacity = capacity };
}

void
wherry_writer_bytes (WherryWriter *self, const guint8 *data, gsize n)
{
  if (self->failed || n > self->capacity - self->length)
    {
      self->failed = TRUE;
      return;
    }

  if (n > 0)
    memcpy (self->data + self->length, data, n);
  self->length += n;
}

static void
write_big_endian (WherryWriter *self, guint64 value, gsize n)
{
  guint8 bytes[8];

  for (gsize i = 0; i < n; i++)
    bytes[i] = (guint8) (value >> (8 * (n - 1 - i)));
  wherry_writer_bytes (self, bytes, n);
}

void
wherry_writer_u8 (WherryWriter *self, guint8 value)
{
  write_big_endian (self, value, 1);
}

void
wherry_writer_u16 (WherryWriter *self, guint16 value)
{
  write_big_endian (self, value, 2);
}

void
wherry_writer_u32 (WherryWriter *self, guint32 value)
{
  write_big_endian (self, value, 4);
}

void
wherry_writer_u64 (WherryWriter *self, guint64 value)
{
  write_big_endian (self, value, 8);
}
