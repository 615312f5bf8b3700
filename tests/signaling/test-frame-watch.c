/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "signaling/wherry-frame-watch.h"

/* A masked frame of zeros. opcode: with FIN or without. */
static void
append_frame (GByteArray *bytes, guint8 opcode, guint64 payload, gboolean with_payload)
{
  guint8 head[14] = { opcode };
  guint n = 2;
  guint extended = payload < 126 ? 0 : payload < 65536 ? 2 : 8;

  head[1] = (guint8) (0x80 | (extended == 0 ? payload : extended == 2 ? 126 : 127));
  for (guint i = 0; i < extended; i++)
    head[n++] = (guint8) (payload >> (8 * (extended - 1 - i)));
  g_byte_array_append (bytes, head, n + 4); /* a mask of zeros */
  if (with_payload)
    {
      g_autofree guint8 *zeros = g_malloc0 (payload + 1);

      g_byte_array_append (bytes, zeros, (guint) payload);
    }
}

/* The same answer however the bytes are cut. */
static void
check (GByteArray *bytes, gboolean good)
{
  static const gsize cuts[] = { 1, 2, 3, 7, 100, G_MAXSIZE };

  for (guint c = 0; c < G_N_ELEMENTS (cuts); c++)
    {
      WherryFrameWatch watch;
      gboolean result = TRUE;

      wherry_frame_watch_init (&watch, 1000);
      for (gsize at = 0; at < bytes->len && result;)
        {
          gsize n = MIN (cuts[c], bytes->len - at);
          g_autofree guint8 *exact = g_memdup2 (bytes->data + at, n);

          result = wherry_frame_watch_feed (&watch, exact, n);
          at += n;
        }
      g_assert_cmpint (result, ==, good);
    }
}

static void
test_messages (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (guint i = 0; i < 5; i++)
    append_frame (bytes, 0x81, 1000, TRUE);
  append_frame (bytes, 0x82, 0, TRUE);
  append_frame (bytes, 0x81, 125, TRUE);
  check (bytes, TRUE);
  append_frame (bytes, 0x81, 1001, FALSE);
  check (bytes, FALSE);
}

static void
test_fragments (void)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  append_frame (bytes, 0x01, 500, TRUE);
  append_frame (bytes, 0x89, 125, TRUE); /* a ping in between counts for nothing */
  append_frame (bytes, 0x00, 400, TRUE);
  append_frame (bytes, 0x80, 100, TRUE);
  append_frame (bytes, 0x01, 1000, TRUE);
  append_frame (bytes, 0x80, 0, TRUE);
  check (bytes, TRUE);

  append_frame (bytes, 0x01, 500, TRUE);
  append_frame (bytes, 0x00, 500, TRUE);
  check (bytes, TRUE);
  append_frame (bytes, 0x00, 1, TRUE);
  check (bytes, FALSE);
}

static void
test_huge_lengths (void)
{
  static const guint64 lengths[] = { 1001, 65535, 65536, G_MAXUINT32, G_MAXINT64, G_MAXUINT64 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (GByteArray) fresh = g_byte_array_new ();
      g_autoptr (GByteArray) continued = g_byte_array_new ();
      g_autoptr (GByteArray) control = g_byte_array_new ();

      append_frame (fresh, 0x81, lengths[i], FALSE);
      check (fresh, FALSE);
      append_frame (continued, 0x01, 999, TRUE);
      append_frame (continued, 0x00, lengths[i], FALSE);
      check (continued, FALSE);
      append_frame (control, 0x89, lengths[i], FALSE);
      check (control, FALSE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame-watch/messages", test_messages);
  g_test_add_func ("/frame-watch/fragments", test_fragments);
  g_test_add_func ("/frame-watch/huge-lengths", test_huge_lengths);
  return g_test_run ();
}
