/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "wire/wherry-tunnel-frame.h"

#define BYTES(...) (const guint8[]){ __VA_ARGS__ }, sizeof ((const guint8[]){ __VA_ARGS__ })

typedef struct
{
  const char *name;
  const guint8 *data;
  gsize length;
} Sample;

static const Sample good[] = {
  { "hello", BYTES (0, 0, 0, 0, 0, 0, 0, 9, 1, 0, 4, 0, 0, 0, 4, 0, 0) },
  { "text", BYTES (1, 1, 0, 7, 51, 0, 0, 2, 'h', 'i') },
  { "fragment", BYTES (1, 0, 1, 0, 53, 0, 0, 1, 0xff) },
  { "empty", BYTES (1, 1, 0, 7, 57, 0, 0, 0) },
  { "control", BYTES (1, 1, 0, 7, 50, 0, 0, 1, 2) },
  { "reset", BYTES (2, 0, 0, 7, 0, 0, 0, 0) },
  { "reset-done", BYTES (3, 0, 0xff, 0xfe, 0, 0, 0, 0) },
  { "credit", BYTES (4, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0) },
  { "switch", BYTES (5, 0, 0, 0, 0, 0, 0, 0) },
  { "switched", BYTES (6, 0, 0, 0, 0, 0, 0, 0) },
  { "close", BYTES (7, 0, 0, 0, 0, 0, 0, 0) },
};

static const Sample bad[] = {
  { "type", BYTES (8, 0, 0, 0, 0, 0, 0, 0) },
  { "flags", BYTES (1, 2, 0, 7, 51, 0, 0, 1, 'a') },
  { "end-of-reset", BYTES (2, 1, 0, 7, 0, 0, 0, 0) },
  { "stream-of-credit", BYTES (4, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1) },
  { "no-such-stream", BYTES (2, 0, 0xff, 0xff, 0, 0, 0, 0) },
  { "kind-of-reset", BYTES (2, 0, 0, 1, 51, 0, 0, 0) },
  { "no-kind", BYTES (1, 1, 0, 1, 0, 0, 0, 1, 'a') },
  { "partial-kind", BYTES (1, 1, 0, 1, 54, 0, 0, 1, 'a') },
  { "empty-without-saying", BYTES (1, 1, 0, 1, 51, 0, 0, 0) },
  { "empty-with-payload", BYTES (1, 1, 0, 1, 56, 0, 0, 1, 0) },
  { "empty-without-end", BYTES (1, 0, 0, 1, 56, 0, 0, 0) },
  { "payload-of-close", BYTES (7, 0, 0, 0, 0, 0, 0, 1, 0) },
  { "short-hello", BYTES (0, 0, 0, 0, 0, 0, 0, 8, 1, 0, 4, 0, 0, 0, 4, 0) },
  { "another-version", BYTES (0, 0, 0, 0, 0, 0, 0, 9, 2, 0, 4, 0, 0, 0, 4, 0, 0) },
};

static void
test_good (gconstpointer data)
{
  const Sample *sample = data;
  g_autoptr (GByteArray) written = g_byte_array_new ();
  g_autofree guint8 *longer = g_malloc0 (sample->length + 3);
  WherryTunnelFrame frame;
  gsize used;

  memcpy (longer, sample->data, sample->length);
  g_assert_true (wherry_tunnel_frame_parse (&frame, longer, sample->length + 3, &used, NULL));
  g_assert_cmpuint (used, ==, sample->length);
  wherry_tunnel_frame_write (&frame, written);
  g_assert_cmpmem (written->data, written->len, sample->data, sample->length);

  for (gsize n = 0; n < sample->length; n++)
    {
      g_autofree guint8 *exact = g_memdup2 (sample->data, n);
      g_autoptr (GError) error = NULL;

      g_assert_false (wherry_tunnel_frame_parse (&frame, exact, n, &used, &error));
      g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
    }
}

static void
test_bad (gconstpointer data)
{
  const Sample *sample = data;
  g_autofree guint8 *exact = g_memdup2 (sample->data, sample->length);
  g_autoptr (GError) error = NULL;
  WherryTunnelFrame frame;
  gsize used;

  g_assert_false (wherry_tunnel_frame_parse (&frame, exact, sample->length, &used, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL);
}

static void
test_longest (void)
{
  g_autofree guint8 *payload = g_malloc0 (WHERRY_TUNNEL_FRAGMENT_MAX + 1);
  WherryTunnelFrame frame = { .type = WHERRY_TUNNEL_DATA,
                              .ppid = WHERRY_PPID_BINARY,
                              .data = payload,
                              .length = WHERRY_TUNNEL_FRAGMENT_MAX };

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GByteArray) written = g_byte_array_new ();
      WherryTunnelFrame read;
      gsize used;

      wherry_tunnel_frame_write (&frame, written);
      g_assert_cmpint (wherry_tunnel_frame_parse (&read, written->data, written->len, &used, NULL),
                       ==, i == 0);
      frame.length++;
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *path = g_strdup_printf ("/tunnel-frame/good/%s", good[i].name);

      g_test_add_data_func (path, &good[i], test_good);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strdup_printf ("/tunnel-frame/bad/%s", bad[i].name);

      g_test_add_data_func (path, &bad[i], test_bad);
    }
  g_test_add_func ("/tunnel-frame/longest", test_longest);
  return g_test_run ();
}
