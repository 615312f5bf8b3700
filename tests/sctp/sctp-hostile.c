/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "sctp-hostile.h"

#define FIRST_CHUNK 12u

static gboolean
note (const guint8 *data, gsize length, gpointer user_data)
{
  Hostile *self = user_data;

  if (length >= FIRST_CHUNK + 20 && data[FIRST_CHUNK] == 1)
    self->tsn = ((guint32) data[28] << 24) | ((guint32) data[29] << 16) | ((guint32) data[30] << 8)
                | data[31];
  else
    memcpy (self->tag, data + 4, sizeof self->tag);
  return !self->silent;
}

static gboolean
lose (const guint8 *data, gsize length, gpointer user_data)
{
  Hostile *self = user_data;

  return !self->silent;
}

static void
put_u32 (guint8 *at, guint32 value)
{
  for (guint i = 0; i < 4; i++)
    at[i] = (guint8) (value >> (24 - 8 * i));
}

void
hostile_inject (Pair *pair, Hostile *hostile, guint8 type, guint8 flags, guint16 stream,
                guint32 mid, guint32 fsn, gsize length)
{
  gsize header = type == 64 ? 20 : 16;
  gsize size = header + length;
  g_autofree guint8 *packet = g_malloc0 (FIRST_CHUNK + size);
  guint8 *chunk = packet + FIRST_CHUNK;

  packet[0] = packet[2] = 0x13; /* 5000 */
  packet[1] = packet[3] = 0x88;
  memcpy (packet + 4, hostile->tag, sizeof hostile->tag);
  chunk[0] = type;
  chunk[1] = flags;
  chunk[2] = (guint8) (size >> 8);
  chunk[3] = (guint8) size;
  put_u32 (chunk + 4, hostile->tsn++);
  chunk[8] = (guint8) (stream >> 8);
  chunk[9] = (guint8) stream;
  if (type == 64)
    {
      put_u32 (chunk + 12, mid);
      put_u32 (chunk + 16, (flags & 2) != 0 ? 53 : fsn);
    }
  else
    {
      chunk[10] = (guint8) (mid >> 8);
      chunk[11] = (guint8) mid;
      put_u32 (chunk + 12, 53);
    }
  wherry_fake_link_inject (pair->b.link, packet, FIRST_CHUNK + size);
  while (g_main_context_iteration (pair->context, FALSE))
    ;
}

void
hostile_start (Pair *pair, Hostile *hostile, const WherrySctpConfig *config)
{
  *hostile = (Hostile){ .silent = FALSE };
  pair->context = g_main_context_ref (g_main_context_default ());
  {
    WherryFakeLink *a;
    WherryFakeLink *b;

    wherry_fake_link_new_pair (NULL, pair->context, pair->context, &a, &b);
    wherry_fake_link_set_filter (a, note, hostile);
    wherry_fake_link_set_filter (b, lose, hostile);
    side_init (&pair->a, a, pair->context, config);
    side_init (&pair->b, b, pair->context, config);
  }
  pair_wait_connected (pair);
  while (g_main_context_iteration (pair->context, FALSE))
    ;
  hostile->silent = TRUE;
}

void
hostile_give_up (Pair *pair, Hostile *hostile, guint16 n, gboolean ordered)
{
  guint8 packet[FIRST_CHUNK + 8 + 8 * 8] = { 0x13, 0x88, 0x13, 0x88 };
  guint8 *chunk = packet + FIRST_CHUNK;

  g_assert_cmpuint (n, <=, 8);
  memcpy (packet + 4, hostile->tag, sizeof hostile->tag);
  chunk[0] = 194;
  chunk[3] = (guint8) (8 + 8 * n);
  put_u32 (chunk + 4, hostile->tsn++);
  for (guint16 i = 0; i < n; i++)
    {
      chunk[8 + 8 * i + 1] = (guint8) i;
      chunk[8 + 8 * i + 3] = !ordered;
    }
  wherry_fake_link_inject (pair->b.link, packet, FIRST_CHUNK + 8 + 8u * n);
  while (g_main_context_iteration (pair->context, FALSE))
    ;
}
