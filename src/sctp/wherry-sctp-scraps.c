/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-sctp"

#include "config.h"

#include "sctp/wherry-sctp-scraps.h"

static gpointer
key_of (guint16 stream, guint16 message)
{
  return GUINT_TO_POINTER (((guint) stream << 16) | message);
}

void
wherry_sctp_scraps_clear (WherrySctpScraps *self)
{
  g_clear_pointer (&self->messages, g_hash_table_unref);
  g_clear_pointer (&self->skips, g_hash_table_unref);
  self->n = 0;
}

void
wherry_sctp_scraps_add (WherrySctpScraps *self, guint16 stream, guint16 message)
{
  gpointer key = key_of (stream, message);
  guint before;

  if (self->messages == NULL)
    self->messages = g_hash_table_new (NULL, NULL);
  before = GPOINTER_TO_UINT (g_hash_table_lookup (self->messages, key));
  g_hash_table_insert (self->messages, key, GUINT_TO_POINTER (before + 1));
  self->n++;
}

void
wherry_sctp_scraps_read (WherrySctpScraps *self, guint16 stream, guint16 message)
{
  gpointer n = NULL;

  if (self->messages != NULL
      && g_hash_table_steal_extended (self->messages, key_of (stream, message), NULL, &n))
    self->n -= GPOINTER_TO_UINT (n);
}

void
wherry_sctp_scraps_note_skip (WherrySctpScraps *self, guint16 stream, guint16 message)
{
  if (self->n == 0)
    return;
  if (self->skips == NULL)
    self->skips = g_hash_table_new (NULL, NULL);
  g_hash_table_insert (self->skips, GUINT_TO_POINTER ((guint) stream),
                       GUINT_TO_POINTER ((guint) message));
}

static gboolean
skip (gpointer key, gpointer value, gpointer user_data)
{
  WherrySctpScraps *self = user_data;
  guint both = GPOINTER_TO_UINT (key);
  gpointer last;

  if (!g_hash_table_lookup_extended (self->skips, GUINT_TO_POINTER (both >> 16), NULL, &last)
      || (gint16) ((both & 0xffff) - GPOINTER_TO_UINT (last)) > 0)
    return FALSE;
  self->n -= GPOINTER_TO_UINT (value);
  return TRUE;
}

void
wherry_sctp_scraps_apply_skips (WherrySctpScraps *self)
{
  if (self->skips == NULL)
    return;
  if (self->messages != NULL)
    g_hash_table_foreach_remove (self->messages, skip, self);
  g_clear_pointer (&self->skips, g_hash_table_unref);
}

typedef struct
{
  WherrySctpScraps *scraps;
  guint16 stream;
} Drop;

static gboolean
drop (gpointer key, gpointer value, gpointer user_data)
{
  Drop *what = user_data;

  if (GPOINTER_TO_UINT (key) >> 16 != what->stream)
    return FALSE;
  what->scraps->n -= GPOINTER_TO_UINT (value);
  return TRUE;
}

void
wherry_sctp_scraps_drop_stream (WherrySctpScraps *self, guint16 stream)
{
  Drop what = { .scraps = self, .stream = stream };

  if (self->messages != NULL)
    g_hash_table_foreach_remove (self->messages, drop, &what);
  if (self->skips != NULL)
    g_hash_table_remove (self->skips, GUINT_TO_POINTER ((guint) stream));
}
