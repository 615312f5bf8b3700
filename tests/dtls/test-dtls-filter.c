/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "dtls/wherry-dtls-filter.h"

/* A ClientHello's first fragment and a ServerHelloDone in one datagram, then a record with keys. */
static const guint8 good[] = {
  22, 0xfe, 0xff, 0,  0, 0, 0, 0, 0, 0, 0, 0, 16, /* record */
  1,  0,    0,    50, 0, 0, 0, 0, 0, 0, 0, 4, 0xfe, 0xfd, 1,    2,
  22, 0xfe, 0xfd, 0,  0, 0, 0, 0, 0, 0, 1, 0, 12, /* record */
  14, 0,    0,    0,  0, 5, 0, 0, 0, 0, 0, 0, 20,   0xfe, 0xfd, 0,
  0,  0,    0,    0,  0, 0, 2, 0, 1, 1, /* change_cipher_spec */
  22, 0xfe, 0xfd, 0,  1, 0, 0, 0, 0, 0, 0, 0, 3,    9,    9,    9,
};
static const gsize ends[] = { 29, 54, 68, 84 };

static gboolean
filter (const guint8 *data, gsize length)
{
  g_autofree guint8 *exact = g_memdup2 (data, length);

  return wherry_dtls_filter_datagram (exact, length);
}

static void
test_prefixes (void)
{
  gsize next = 0;

  g_assert_cmpuint (sizeof good, ==, 84);
  for (gsize n = 0; n <= sizeof good; n++)
    {
      gboolean whole = n == ends[next];

      g_assert_cmpint (filter (good, n), ==, whole);
      if (whole)
        next++;
    }
  g_assert_cmpuint (next, ==, G_N_ELEMENTS (ends));
}

static void
test_each_field (void)
{
  const struct
  {
    gsize offset;
    guint8 value;
  } bad[] = {
    { 0, 19 },   /* STUN, SRTP, what not */
    { 0, 24 },   /* heartbeat */
    { 0, 23 },   /* application data in the clear */
    { 0, 21 },   /* an alert of 16 bytes */
    { 1, 0x03 }, /* TLS */
    { 2, 0xfe }, /* no such version */
    { 4, 2 },    /* a second epoch with keys */
    { 12, 17 },  /* longer than what it holds */
    { 13, 5 },   /* no such message */
    { 14, 1 },   /* a message of 64 KiB */
    { 17, 1 },   /* message 256 */
    { 21, 51 },  /* begins behind its end */
    { 21, 47 },  /* ends behind its end */
    { 24, 5 },   /* fragment longer than the record */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      guint8 data[sizeof good];

      memcpy (data, good, sizeof good);
      data[bad[i].offset] = bad[i].value;
      g_test_message ("byte %u", (guint) bad[i].offset);
      g_assert_false (filter (data, sizeof data));
    }
}

static void
test_alerts (void)
{
  guint8 alert[] = { 21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40 };

  g_assert_true (filter (alert, sizeof alert));
  alert[13] = 3;
  g_assert_false (filter (alert, sizeof alert));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dtls-filter/prefixes", test_prefixes);
  g_test_add_func ("/dtls-filter/each-field", test_each_field);
  g_test_add_func ("/dtls-filter/alerts", test_alerts);
  return g_test_run ();
}
