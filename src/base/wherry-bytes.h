/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bounds-checked big-endian reader and writer over plain memory. A read past the end returns
 * FALSE/0 and sets failed; further reads fail too, so a parser may check once at the end of a fixed
 * header. Thread: any, one at a time. */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const guint8 *data;
  gsize length;
  gsize offset;
  gboolean failed;
} WherryReader;

void wherry_reader_init (WherryReader *self, const guint8 *data, gsize length);
gsize wherry_reader_left (const WherryReader *self);
gboolean wherry_reader_u8 (WherryReader *self, guint8 *out);
gboolean wherry_reader_u16 (WherryReader *self, guint16 *out);
gboolean wherry_reader_u32 (WherryReader *self, guint32 *out);
gboolean wherry_reader_u64 (WherryReader *self, guint64 *out);
/* A pointer into the reader's memory, valid as long as that is. */
gboolean wherry_reader_bytes (WherryReader *self, gsize n, const guint8 **out);

typedef struct
{
  guint8 *data;
  gsize capacity;
  gsize length;
  gboolean failed; /* something did not fit */
} WherryWriter;

void wherry_writer_init (WherryWriter *self, guint8 *data, gsize capacity);
void wherry_writer_u8 (WherryWriter *self, guint8 value);
void wherry_writer_u16 (WherryWriter *self, guint16 value);
void wherry_writer_u32 (WherryWriter *self, guint32 value);
void wherry_writer_u64 (WherryWriter *self, guint64 value);
void wherry_writer_bytes (WherryWriter *self, const guint8 *data, gsize n);

G_END_DECLS
