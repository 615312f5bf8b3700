/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-virtual-clock.h"
#include "signaling/wherry-session-fixture.h"
#include "wire/wherry-json.h"

static void
on_send (gpointer user_data, char *text)
{
  SessionClient *client = user_data;

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_cmpuint (client->close_code, ==, 0);
  g_queue_push_tail (&client->frames, text);
}

static void
on_close (gpointer user_data, guint code, const char *reason)
{
  SessionClient *client = user_data;

  g_assert_cmpuint (client->close_code, ==, 0);
  client->close_code = code;
}

static void
on_send_binary (gpointer user_data, GBytes *frames)
{
  SessionClient *client = user_data;

  client->n_binary += g_bytes_get_size (frames);
}

static const WherrySignalingSink sink
    = { .send = on_send, .send_binary = on_send_binary, .close = on_close };

void
wherry_session_client_init (SessionClient *client, SessionFixture *f)
{
  g_queue_init (&client->frames);
  client->session
      = wherry_signaling_session_new (f->relay, f->joins, "192.0.2.7", f->clock, &sink, client);
}

void
wherry_session_client_clear (SessionClient *client)
{
  g_clear_pointer (&client->session, wherry_signaling_session_free);
  g_queue_clear_full (&client->frames, g_free);
}

void
wherry_session_set_up (SessionFixture *f, gconstpointer data)
{
  f->clock = wherry_virtual_clock_new ();
  f->relay = wherry_fake_relay_new ();
  f->joins = wherry_join_limit_new (1000);
  wherry_session_client_init (&f->a, f);
  wherry_session_client_init (&f->b, f);
}

void
wherry_session_tear_down (SessionFixture *f, gconstpointer data)
{
  wherry_session_client_clear (&f->a);
  wherry_session_client_clear (&f->b);
  wherry_fake_relay_free (f->relay); /* asserts that no member is left */
  wherry_join_limit_free (f->joins);
  wherry_clock_unref (f->clock);
}

void
wherry_session_say (SessionClient *client, const char *text)
{
  g_autofree char *exact = g_memdup2 (text, strlen (text)); /* heap copy: one byte too far shows */

  wherry_signaling_session_receive (client->session, exact, strlen (text));
}

void
wherry_session_hears (SessionClient *client, const char *expected)
{
  g_autofree char *frame = g_queue_pop_head (&client->frames);

  g_assert_cmpstr (frame, ==, expected);
}

void
wherry_session_hears_error (SessionClient *client, const char *code, const char *ref,
                            const char *tid)
{
  g_autofree char *frame = g_queue_pop_head (&client->frames);
  g_autofree char *code_part = g_strdup_printf ("\"code\":\"%s\"", code);
  g_autofree char *ref_part = g_strdup_printf ("\"ref\":\"%s\"", ref);
  g_autofree char *tid_part = g_strdup_printf ("\"tid\":%s", tid);

  g_assert_nonnull (frame);
  g_test_message ("%s", frame);
  g_assert_nonnull (strstr (frame, "\"type\":\"error\""));
  g_assert_nonnull (strstr (frame, code_part));
  g_assert_cmpint (ref != NULL, ==, strstr (frame, "\"ref\"") != NULL);
  g_assert_cmpint (tid != NULL, ==, strstr (frame, "\"tid\"") != NULL);
  if (ref != NULL)
    g_assert_nonnull (strstr (frame, ref_part));
  if (tid != NULL)
    g_assert_nonnull (strstr (frame, tid_part));
}

void
wherry_session_hears_nothing (SessionClient *client)
{
  g_assert_cmpstr (g_queue_peek_head (&client->frames), ==, NULL);
}

void
wherry_session_drop_frames (SessionClient *client)
{
  g_queue_clear_full (&client->frames, g_free);
}

void
wherry_session_relay_did (SessionFixture *f, const char *expected)
{
  g_autofree char *log = wherry_fake_relay_take_log (f->relay);

  g_assert_cmpstr (log, ==, expected);
}

char *
wherry_session_description (const char *type, const char *channels)
{
  g_autoptr (WherryJsonWriter) writer = wherry_json_writer_new ();
  gboolean is_offer = g_str_equal (type, "offer");
  g_autofree char *sdp
      = g_strdup_printf ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
                         "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
                         "a=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
                         "a=fingerprint:sha-256 "
                         "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
                         "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"
                         "a=setup:%s\r\na=sctp-port:5000\r\n",
                         is_offer ? "actpass" : "active");
  char *text;

  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_string (writer, "type", type);
  wherry_json_writer_string (writer, "sdp", sdp);
  if (channels != NULL)
    wherry_json_writer_raw (writer, "channels", channels, strlen (channels));
  wherry_json_writer_raw (writer, "tid", "7", 1);
  wherry_json_writer_end_object (writer);
  text = wherry_json_writer_finish (g_steal_pointer (&writer), NULL);
  return text;
}
