/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "signaling/wherry-server-fixture.h"

static void
test_upgrade (ServerFixture *f, gconstpointer data)
{
  static const struct
  {
    const char *headers;
    guint status;
    const char *protocol;
  } cases[] = {
    { "", 101, NULL },
    { "Sec-WebSocket-Protocol: wherry.1\r\n", 101, "Sec-WebSocket-Protocol: wherry.1\r\n" },
    { "Sec-WebSocket-Protocol: x, wherry.1\r\n", 101, "Sec-WebSocket-Protocol: wherry.1\r\n" },
    { "Sec-WebSocket-Protocol: other\r\n", 400, NULL },
    { "Sec-WebSocket-Extensions: permessage-deflate\r\n", 101, NULL },
    { "Origin: https://evil.example\r\n", 403, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (RawClient) client = wherry_raw_client_new (f->port);
      g_autofree char *head = wherry_raw_client_upgrade (client, f->port, cases[i].headers);
      g_autofree char *start = g_strdup_printf ("HTTP/1.1 %u ", cases[i].status);

      g_test_message ("%s%s", cases[i].headers, head);
      g_assert_true (g_str_has_prefix (head, start));
      g_assert_null (strstr (head, "deflate"));
      g_assert_cmpint (strstr (head, "Sec-WebSocket-Protocol") != NULL, ==,
                       cases[i].protocol != NULL);
      if (cases[i].protocol != NULL)
        g_assert_nonnull (strstr (head, cases[i].protocol));
    }
}

static void
test_session (ServerFixture *f, gconstpointer data)
{
  g_autoptr (RawClient) a = wherry_raw_client_new_websocket (f->port);
  g_autoptr (RawClient) b = wherry_raw_client_new_websocket (f->port);
  guint8 opcode;
  g_autofree char *pong = NULL;

  /* without waiting in between */
  wherry_raw_client_say (a, "{\"type\":\"join\",\"room\":\"r\",\"name\":\"Ann\"}");
  wherry_raw_client_say (a, "{\"type\":\"ping\",\"tid\":1}");
  wherry_raw_client_hears (a, "\"joined\"");
  wherry_raw_client_hears (a, "\"pong\"");
  wherry_raw_client_say (b, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_raw_client_hears (b, "Ann");
  wherry_raw_client_hears (a, "\"member-joined\"");

  wherry_raw_client_frame (a, 0x82, "bin", 3);
  wherry_raw_client_hears (a, "\"bad-message\"");
  wherry_raw_client_frame (a, 0x89, "hello", 5); /* a ping */
  pong = wherry_raw_client_hear (a, &opcode, NULL);
  g_assert_cmpuint (opcode, ==, 10);
  g_assert_cmpstr (pong, ==, "hello");

  wherry_raw_client_say (a, "{\"type\":\"leave\"}");
  wherry_raw_client_hears (a, "\"left\"");
  wherry_raw_client_hears_close (a, 1000);
  wherry_raw_client_hears (b, "\"member-left\"");

  /* a socket that goes without a word takes its member along, which has no connection */
  g_socket_close (b->socket, NULL);
  WHERRY_WAIT_UNTIL (NULL, wherry_fake_relay_get_n_members (f->relay) == 0);
}

static void
test_oversized (ServerFixture *f, gconstpointer data)
{
  g_autofree char *big = g_strnfill (WHERRY_SIGNAL_MESSAGE_MAX + 1, ' ');
  g_autoptr (RawClient) one = wherry_raw_client_new_websocket (f->port);
  g_autoptr (RawClient) pieces = wherry_raw_client_new_websocket (f->port);
  g_autoptr (RawClient) good = wherry_raw_client_new_websocket (f->port);

  wherry_raw_client_frame (one, 0x81, big, WHERRY_SIGNAL_MESSAGE_MAX + 1);
  wherry_raw_client_hears_close (one, 1009);
  wherry_raw_client_wait_eof (one);

  wherry_raw_client_frame (pieces, 0x01, big, 40000);
  wherry_raw_client_frame (pieces, 0x80, big, 40000);
  wherry_raw_client_hears_close (pieces, 1009);
  wherry_raw_client_wait_eof (pieces);

  memcpy (big, "{\"type\":\"ping\"}", 15);
  wherry_raw_client_frame (good, 0x01, big, 30000);
  wherry_raw_client_frame (good, 0x80, big + 30000, 30000);
  wherry_raw_client_hears (good, "pong");
}

/* A frame that says it is compressed, where nothing was agreed (RFC 6455 section 5.2). */
static void
test_deflate_bomb (ServerFixture *f, gconstpointer data)
{
  g_autoptr (RawClient) client = wherry_raw_client_new_websocket (f->port);

  wherry_raw_client_frame (client, 0xc1, "\xaa\x56\x4a\x2d", 4);
  wherry_raw_client_wait_eof (client);
  g_assert_cmpuint (wherry_fake_relay_get_n_members (f->relay), ==, 0);
}

static void
test_bad_messages (ServerFixture *f, gconstpointer data)
{
  g_autofree char *deep = g_strnfill (60000, '[');
  g_autoptr (RawClient) client = wherry_raw_client_new_websocket (f->port);

  wherry_raw_client_say (client, deep);
  wherry_raw_client_hears (client, "\"bad-message\"");
  for (guint i = 0; i < 8; i++)
    {
      wherry_raw_client_say (client, "'");
      wherry_raw_client_hears (client, "\"bad-message\"");
    }
  wherry_raw_client_say (client, "{} {}");
  wherry_raw_client_hears (client, "\"bad-message\"");
  wherry_raw_client_hears_close (client, 1008);
}

static void
test_never_reads (ServerFixture *f, gconstpointer data)
{
  guint64 refused = wherry_counter_get (WHERRY_COUNTER_SOCKETS_REFUSED);
  g_autofree char *filler = g_strnfill (60000, 'x');
  g_autofree char *msg = g_strdup_printf ("{\"type\":\"msg\",\"x\":\"%s\"}", filler);
  g_autoptr (RawClient) deaf = wherry_raw_client_new_websocket (f->port);
  g_autoptr (RawClient) other = wherry_raw_client_new_websocket (f->port);
  WherryRelayMember *sender;
  guint sent = 0;

  wherry_raw_client_say (deaf, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_raw_client_hears (deaf, "\"joined\"");
  wherry_raw_client_say (other, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_raw_client_hears (other, "\"joined\"");
  deaf->deaf = TRUE;

  sender = wherry_fake_relay_member (f->relay, 1);
  while (wherry_fake_relay_member (f->relay, 0) != NULL)
    {
      wherry_relay_member_msg (sender, msg, strlen (msg));
      wherry_raw_client_hears (other, "xxxx");
      g_assert_cmpuint (++sent, <, 400);
    }
  g_test_message ("closed after %u messages of %zu bytes", sent, strlen (msg));
  /* what the kernel took, and 1 MiB; not a byte less than that */
  g_assert_cmpuint (sent * strlen (msg), >, WHERRY_SIGNAL_OUT_MAX);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SOCKETS_REFUSED), ==, refused + 1);
}

/* Its pongs are answers that it does not take either: it is not read, so they do not pile up. */
static void
test_pings_without_reading (ServerFixture *f, gconstpointer data)
{
  g_autofree char *payload = g_strnfill (125, 'p');
  g_autoptr (GByteArray) pings = g_byte_array_new ();
  g_autoptr (RawClient) deaf = wherry_raw_client_new_websocket (f->port);
  gsize total = 0;
  guint stuck = 0;

  deaf->deaf = TRUE;
  for (guint i = 0; i < 1000; i++)
    {
      static const guint8 head[6] = { 0x89, 0x80 | 125, 0, 0, 0, 0 };

      g_byte_array_append (pings, head, sizeof head);
      g_byte_array_append (pings, (const guint8 *) payload, 125);
    }
  /* until TCP holds it back for good, with the read rate's clock moving on */
  while (stuck < 50)
    {
      gssize n = g_socket_send (deaf->socket, (const char *) pings->data, pings->len, NULL, NULL);

      wherry_virtual_clock_advance (f->clock, 10 * G_TIME_SPAN_MILLISECOND);
      wherry_raw_client_turn (deaf);
      stuck = n > 0 ? 0 : stuck + 1;
      total += n > 0 ? (gsize) n : 0;
      g_assert_cmpuint (total, <, 64 * WHERRY_MIB);
    }
  g_test_message ("took %zu bytes of pings", total);
}

static void
test_missed_pongs (ServerFixture *f, gconstpointer data)
{
  g_autoptr (RawClient) client = wherry_raw_client_new_websocket (f->port);

  for (guint i = 0; i < 70; i++)
    {
      wherry_virtual_clock_advance (f->clock, G_TIME_SPAN_SECOND);
      wherry_raw_client_turn (client);
      g_assert_false (client->eof);
    }
  WHERRY_WAIT_UNTIL (NULL, ({
                       wherry_virtual_clock_advance (f->clock, G_TIME_SPAN_SECOND);
                       wherry_raw_client_turn (client);
                       client->eof;
                     }));
}

/* Answers pings until the next text frame, which is a pong of our protocol. */
static guint
answer_pings (RawClient *client)
{
  guint n = 0;

  for (;;)
    {
      guint8 opcode;
      g_autofree char *text = wherry_raw_client_hear (client, &opcode, NULL);

      if (opcode == 1)
        {
          g_assert_nonnull (strstr (text, "pong"));
          return n;
        }
      g_assert_cmpuint (opcode, ==, 9);
      wherry_raw_client_frame (client, 0x8a, "", 0);
      n++;
    }
}

/* The next frame that is no ping is text that holds part. */
static void
hears_but_pings (RawClient *client, const char *part)
{
  g_autofree char *text = NULL;
  guint8 opcode;

  do
    {
      g_free (text);
      text = wherry_raw_client_hear (client, &opcode, NULL);
    }
  while (opcode == 9);
  g_assert_cmpuint (opcode, ==, 1);
  g_assert_nonnull (strstr (text, part));
}

static void
test_pongs_keep_it (ServerFixture *f, gconstpointer data)
{
  g_autoptr (RawClient) client = wherry_raw_client_new_websocket (f->port);
  guint n = 0;

  wherry_raw_client_say (client, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_raw_client_hears (client, "\"joined\"");
  for (guint i = 0; i < 200; i++)
    {
      wherry_virtual_clock_advance (f->clock, G_TIME_SPAN_SECOND);
      wherry_raw_client_turn (client);
      wherry_raw_client_say (client, "{\"type\":\"ping\"}");
      n += answer_pings (client);
    }
  g_assert_cmpuint (n, ==, 200 / 30);
}

/* It answers pings and asks for pongs, and never joins. */
static void
test_never_joins (ServerFixture *f, gconstpointer data)
{
  guint64 late = wherry_counter_get (WHERRY_COUNTER_SOCKETS_NOT_JOINED);
  g_autoptr (RawClient) joined = wherry_raw_client_new_websocket (f->port);
  g_autoptr (RawClient) client = wherry_raw_client_new_websocket (f->port);
  guint n = 0;

  wherry_raw_client_say (joined, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_raw_client_hears (joined, "\"joined\"");
  for (guint i = 1; i < WHERRY_SIGNAL_JOIN_DEADLINE_US / G_USEC_PER_SEC; i++)
    {
      wherry_virtual_clock_advance (f->clock, G_USEC_PER_SEC);
      wherry_raw_client_turn (client);
      wherry_raw_client_say (client, "{\"type\":\"ping\"}");
      n += answer_pings (client);
    }
  g_assert_cmpuint (n, >, 0);
  /* the ping of its 60th second is one of the next two frames */
  wherry_virtual_clock_advance (f->clock, G_USEC_PER_SEC);
  hears_but_pings (client, "\"not-joined\"");
  wherry_raw_client_hears_close (client, 1008);
  wherry_raw_client_frame (client, 0x88, "\x03\xf0", 2);
  wherry_raw_client_wait_eof (client);
  g_assert_cmpuint (wherry_counter_get (WHERRY_COUNTER_SOCKETS_NOT_JOINED), ==, late + 1);
  g_assert_cmpuint (wherry_signaling_server_get_n_sockets (f->server), ==, 1);
  g_assert_cmpuint (wherry_fake_relay_get_n_members (f->relay), ==, 1);
}

static void
test_shutdown (ServerFixture *f, gconstpointer data)
{
  g_autoptr (RawClient) joined = wherry_raw_client_new_websocket (f->port);
  g_autoptr (RawClient) not_joined = wherry_raw_client_new_websocket (f->port);
  g_autoptr (RawClient) idle = wherry_raw_client_new (f->port);
  gboolean done = FALSE;

  wherry_raw_client_say (joined, "{\"type\":\"join\",\"room\":\"r\"}");
  wherry_raw_client_hears (joined, "\"joined\"");

  wherry_signaling_server_drain (f->server);
  wherry_raw_client_hears (not_joined, "\"shutdown\"");
  wherry_raw_client_hears_close (not_joined, 1001);
  wherry_relay_member_leave (wherry_fake_relay_member (f->relay, 0), WHERRY_LEAVE_SHUTDOWN);
  wherry_signaling_server_shutdown (f->server, server_on_done, &done);
  wherry_raw_client_hears (joined, "\"shutdown\"");
  wherry_raw_client_hears_close (joined, 1001);
  g_assert_false (done);

  /* one answers the close, the other does not */
  wherry_raw_client_frame (joined, 0x88, "\x03\xe9", 2);
  wherry_raw_client_wait_eof (joined);
  g_assert_false (done);
  WHERRY_WAIT_UNTIL (NULL, ({
                       wherry_virtual_clock_advance (f->clock, 100 * G_TIME_SPAN_MILLISECOND);
                       wherry_raw_client_turn (not_joined);
                       done;
                     }));
  g_clear_pointer (&f->server, wherry_signaling_server_free);
  wherry_raw_client_wait_eof (idle);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func)                                                                            \
  g_test_add (path, ServerFixture, NULL, server_set_up, func, server_tear_down)
  ADD ("/websocket/upgrade", test_upgrade);
  ADD ("/websocket/session", test_session);
  ADD ("/websocket/oversized", test_oversized);
  ADD ("/websocket/deflate-bomb", test_deflate_bomb);
  ADD ("/websocket/bad-messages", test_bad_messages);
  ADD ("/websocket/never-reads", test_never_reads);
  ADD ("/websocket/pings-without-reading", test_pings_without_reading);
  ADD ("/websocket/missed-pongs", test_missed_pongs);
  ADD ("/websocket/pongs-keep-it", test_pongs_keep_it);
  ADD ("/websocket/never-joins", test_never_joins);
  ADD ("/websocket/shutdown", test_shutdown);
  return g_test_run ();
}
