/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "signaling/wherry-head-watch.h"

/* The same answer however the bytes are cut. */
static void
check (const char *head, guint expected)
{
  static const gsize cuts[] = { 1, 2, 3, 7, 100, G_MAXSIZE };
  gsize length = strlen (head);

  for (guint c = 0; c < G_N_ELEMENTS (cuts); c++)
    {
      WherryHeadWatch watch;
      guint status = 0;

      wherry_head_watch_init (&watch);
      for (gsize at = 0; at < length && status == 0;)
        {
          gsize n = MIN (cuts[c], length - at);
          g_autofree guint8 *exact = g_memdup2 (head + at, n);

          status = wherry_head_watch_feed (&watch, exact, n);
          at += n;
        }
      if (status != expected)
        g_error ("%u, not %u: %s", status, expected, head);
    }
}

static void
check_fields (const char *fields, guint expected)
{
  static const char *const before[] = { "", "\r\n", "\n" };
  static const char *const ends[] = { "\r\n", "\n" };

  for (guint b = 0; b < G_N_ELEMENTS (before); b++)
    for (guint e = 0; e < G_N_ELEMENTS (ends); e++)
      {
        g_autofree char *head
            = g_strconcat (before[b], "GET / HTTP/1.1", ends[e], "Host: x", ends[e], fields,
                           ends[e], "Other: y", ends[e], ends[e], NULL);

        check (head, expected);
      }
}

static void
test_good (void)
{
  g_autofree char *space = g_strnfill (20, ' ');
  g_autofree char *padded = g_strconcat ("Content-Length:", space, "12", space, NULL);

  check_fields ("Content-Length: 12", 0);
  check_fields ("content-length:0", 0);
  check_fields ("CONTENT-LENGTH: \t 999999999999999999 \t", 0);
  check_fields (padded, 0);
  check_fields ("Transfer-Encoding: chunked", 0);
  check_fields ("transfer-encoding:Chunked ", 0);
  check_fields ("Transfer-Encodings: gzip", 0);
  check_fields ("X-Content-Length: abc", 0);
  check_fields ("Content-Length", 0); /* no field */
  check_fields ("Content-Length abc: abc", 0);
}

static void
test_bad (void)
{
  static const char *const lengths[] = { "",      "abc", "-1",   "+1",   "0x10",
                                         "1 2",   "1,",  "1, 1", "1\v",  "1\r ",
                                         "\"1\"", "1.0", "1;",   "\xff", "9999999999999999999" };
  static const char *const codings[]
      = { "",         "gzip",     "identity", "chunked, gzip", "gzip, chunked", "chunked;q=1",
          "xchunked", "\vchunked" };
  g_autofree char *space = g_strnfill (100, ' ');
  g_autofree char *length = g_strconcat ("Content-Length:", space, "12", NULL);
  g_autofree char *coding = g_strconcat ("Transfer-Encoding: chunked", space, "gzip", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autofree char *field = g_strconcat ("Content-Length: ", lengths[i], NULL);
      g_autofree char *spaced = g_strconcat ("content-LENGTH \t:", lengths[i], NULL);

      check_fields (field, 400);
      check_fields (spaced, 400);
    }
  for (guint i = 0; i < G_N_ELEMENTS (codings); i++)
    {
      g_autofree char *field = g_strconcat ("Transfer-Encoding: ", codings[i], NULL);

      check_fields (field, 501);
    }
  check_fields (length, 400);
  check_fields (coding, 501);
  /* folded lines could hide one */
  check_fields ("Content-Length: 1\r\n 2", 400);
  check_fields ("X: y\n\tContent-Length: 1", 400);
}

/* What follows the head is not looked at. */
static void
test_body (void)
{
  check ("POST / HTTP/1.1\r\nHost: x\r\n\r\nContent-Length: abc\r\n", 0);
  check ("POST / HTTP/1.1\n\nContent-Length: abc\n", 0);
  check ("\r\n\r\nContent-Length: abc\r\nContent-Length: abc\r\n", 0);
  check ("Content-Length: abc HTTP/1.1\r\nHost: x\r\n\r\n", 0); /* a request line */
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/head-watch/good", test_good);
  g_test_add_func ("/head-watch/bad", test_bad);
  g_test_add_func ("/head-watch/body", test_body);
  return g_test_run ();
}
