/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/connection-pair.h"

#define LARGE (3 * 1024 * 1024 + 17)

typedef struct
{
  ConnectionPair *pair;
  WherryDataChannel *a;
  WherryDataChannel *b;
  GIOStream *stream_a;
  GIOStream *stream_b;
} Fixture;

static void
set_up (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  self->pair = connection_pair_new (NULL);
  self->a
      = wherry_peer_connection_create_data_channel (self->pair->a.connection, "x", NULL, &error);
  g_assert_no_error (error);
  pair_watch (self->a);
  pair_negotiate (&self->pair->a);
  WHERRY_WAIT_UNTIL (NULL, self->pair->b.channels->len == 1
                               && wherry_data_channel_get_ready_state (self->a)
                                      == WHERRY_DATA_CHANNEL_STATE_OPEN);
  self->b = g_object_ref (g_ptr_array_index (self->pair->b.channels, 0));
  self->stream_a = wherry_data_channel_get_stream (self->a);
  self->stream_b = wherry_data_channel_get_stream (self->b);
  pair_watch (self->stream_a);
  pair_watch (self->stream_b);
}

static void
tear_down (Fixture *self)
{
  g_clear_object (&self->stream_a);
  g_clear_object (&self->stream_b);
  g_clear_object (&self->a);
  g_clear_object (&self->b);
  connection_pair_free (self->pair);
}

static GBytes *
large_bytes (void)
{
  guint8 *data = g_malloc (LARGE);

  for (gsize i = 0; i < LARGE; i++)
    data[i] = (guint8) (i * 31 + (i >> 12));
  return g_bytes_new_take (data, LARGE);
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  g_set_object ((GAsyncResult **) data, result);
}

static void
test_one_stream_for_a_channel (void)
{
  Fixture f;
  g_autoptr (GIOStream) again = NULL;

  set_up (&f);
  again = wherry_data_channel_get_stream (f.a);
  g_assert_true (again == f.stream_a);
  g_clear_object (&again);
  tear_down (&f);
}

/* A read never joins two messages, and leaves what it has no room for to the next. */
static void
test_boundaries (void)
{
  Fixture f;
  GOutputStream *output = NULL;
  GInputStream *input = NULL;
  char buffer[16] = "";
  g_autoptr (GError) error = NULL;

  set_up (&f);
  output = g_io_stream_get_output_stream (f.stream_a);
  input = g_io_stream_get_input_stream (f.stream_b);
  g_assert_cmpint (g_output_stream_write (output, "hello", 5, NULL, &error), ==, 5);
  g_assert_no_error (error);
  g_assert_true (wherry_data_channel_send_text (f.a, "", NULL)); /* skipped */
  g_assert_cmpint (g_output_stream_write (output, "world", 5, NULL, &error), ==, 5);
  g_assert_cmpint (g_input_stream_read (input, buffer, 3, NULL, &error), ==, 3);
  g_assert_no_error (error);
  g_assert_cmpint (memcmp (buffer, "hel", 3), ==, 0);
  g_assert_cmpint (g_input_stream_read (input, buffer, sizeof buffer, NULL, &error), ==, 2);
  g_assert_cmpint (memcmp (buffer, "lo", 2), ==, 0);
  g_assert_cmpint (g_input_stream_read (input, buffer, sizeof buffer, NULL, &error), ==, 5);
  g_assert_cmpint (memcmp (buffer, "world", 5), ==, 0);
  tear_down (&f);
}

static void
test_splice_memory (void)
{
  Fixture f;
  g_autoptr (GBytes) bytes = large_bytes ();
  g_autoptr (GInputStream) source = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GOutputStream) sink = g_memory_output_stream_new_resizable ();
  g_autoptr (GAsyncResult) sent = NULL;
  g_autoptr (GAsyncResult) received = NULL;
  g_autoptr (GBytes) copy = NULL;
  g_autoptr (GError) error = NULL;
  GOutputStreamSpliceFlags both
      = G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET;

  set_up (&f);
  g_output_stream_splice_async (sink, g_io_stream_get_input_stream (f.stream_b), both,
                                G_PRIORITY_DEFAULT, NULL, on_result, &received);
  g_output_stream_splice_async (g_io_stream_get_output_stream (f.stream_a), source, both,
                                G_PRIORITY_DEFAULT, NULL, on_result, &sent);
  WHERRY_WAIT_UNTIL (NULL, sent != NULL && received != NULL);
  g_assert_cmpint (g_output_stream_splice_finish (g_io_stream_get_output_stream (f.stream_a), sent,
                                                  &error),
                   ==, LARGE);
  g_assert_no_error (error);
  g_assert_cmpint (g_output_stream_splice_finish (sink, received, &error), ==, LARGE);
  g_assert_no_error (error);
  copy = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (sink));
  g_assert_true (g_bytes_equal (copy, bytes));
  g_clear_object (&sent);
  g_clear_object (&received);
  tear_down (&f);
}

/* GIO splices files in a thread of its own, which then calls the stream there. */
static void
test_splice_files (void)
{
  Fixture f;
  g_autoptr (GBytes) bytes = large_bytes ();
  g_autofree char *folder = g_dir_make_tmp ("wherry-XXXXXX", NULL);
  g_autofree char *from = g_build_filename (folder, "from", NULL);
  g_autofree char *to = g_build_filename (folder, "to", NULL);
  g_autoptr (GFile) from_file = g_file_new_for_path (from);
  g_autoptr (GFile) to_file = g_file_new_for_path (to);
  g_autoptr (GFileInputStream) source = NULL;
  g_autoptr (GFileOutputStream) sink = NULL;
  g_autoptr (GAsyncResult) sent = NULL;
  g_autoptr (GAsyncResult) received = NULL;
  g_autofree char *copy = NULL;
  gsize length = 0;
  g_autoptr (GError) error = NULL;
  GOutputStreamSpliceFlags both
      = G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET;

  g_assert_true (g_file_set_contents (from, g_bytes_get_data (bytes, NULL), LARGE, NULL));
  source = g_file_read (from_file, NULL, &error);
  g_assert_no_error (error);
  sink = g_file_create (to_file, G_FILE_CREATE_NONE, NULL, &error);
  g_assert_no_error (error);
  set_up (&f);
  g_output_stream_splice_async (G_OUTPUT_STREAM (sink), g_io_stream_get_input_stream (f.stream_b),
                                both, G_PRIORITY_DEFAULT, NULL, on_result, &received);
  g_output_stream_splice_async (g_io_stream_get_output_stream (f.stream_a), G_INPUT_STREAM (source),
                                both, G_PRIORITY_DEFAULT, NULL, on_result, &sent);
  WHERRY_WAIT_UNTIL (NULL, sent != NULL && received != NULL);
  g_assert_cmpint (g_output_stream_splice_finish (g_io_stream_get_output_stream (f.stream_a), sent,
                                                  &error),
                   ==, LARGE);
  g_assert_no_error (error);
  g_assert_cmpint (g_output_stream_splice_finish (G_OUTPUT_STREAM (sink), received, &error), ==,
                   LARGE);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (to, &copy, &length, NULL));
  g_assert_cmpmem (copy, length, g_bytes_get_data (bytes, NULL), LARGE);
  g_unlink (from);
  g_unlink (to);
  g_rmdir (folder);
  g_clear_object (&sent);
  g_clear_object (&received);
  tear_down (&f);
}

/* What was written has arrived when close() has ended: the connection may go at once. */
static void
test_close_flushes (void)
{
  Fixture f;
  g_autoptr (GBytes) bytes = large_bytes ();
  g_autoptr (GAsyncResult) closed = NULL;
  g_autoptr (GAsyncResult) written = NULL;
  g_autoptr (GError) error = NULL;
  GOutputStream *output = NULL;
  GInputStream *input = NULL;
  gsize total = 0;
  gsize n = 0;
  char buffer[65536];
  gssize got;

  set_up (&f);
  output = g_io_stream_get_output_stream (f.stream_a);
  input = g_io_stream_get_input_stream (f.stream_b);
  g_output_stream_write_all_async (output, g_bytes_get_data (bytes, NULL), 1000000,
                                   G_PRIORITY_DEFAULT, NULL, on_result, &written);
  WHERRY_WAIT_UNTIL (NULL, written != NULL);
  g_assert_true (g_output_stream_write_all_finish (output, written, &n, &error));
  g_assert_cmpuint (n, ==, 1000000);
  g_io_stream_close_async (f.stream_a, G_PRIORITY_DEFAULT, NULL, on_result, &closed);
  WHERRY_WAIT_UNTIL (NULL, closed != NULL);
  g_assert_true (g_io_stream_close_finish (f.stream_a, closed, &error));
  g_assert_no_error (error);
  wherry_peer_connection_close (f.pair->a.connection);
  while ((got = g_input_stream_read (input, buffer, sizeof buffer, NULL, &error)) > 0)
    total += (gsize) got;
  g_assert_cmpuint (total, ==, 1000000);
  g_clear_object (&closed);
  g_clear_object (&written);
  tear_down (&f);
}

static void
test_broken_connection_is_no_end (void)
{
  Fixture f;
  char buffer[16];
  g_autoptr (GError) error = NULL;

  set_up (&f);
  wherry_peer_connection_close (f.pair->a.connection);
  g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (f.stream_b), buffer,
                                        sizeof buffer, NULL, &error),
                   ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_clear_error (&error);
  g_assert_cmpint (g_output_stream_write (g_io_stream_get_output_stream (f.stream_a), "x", 1, NULL,
                                          &error),
                   ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  tear_down (&f);
}

static void
test_pollable (void)
{
  Fixture f;
  GPollableInputStream *input = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) read = NULL;
  g_autoptr (GError) error = NULL;
  char buffer[16];

  set_up (&f);
  input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (f.stream_b));
  g_assert_false (g_pollable_input_stream_is_readable (input));
  g_assert_cmpint (g_pollable_input_stream_read_nonblocking (input, buffer, sizeof buffer, NULL,
                                                             &error),
                   ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);
  g_input_stream_read_async (G_INPUT_STREAM (input), buffer, sizeof buffer, G_PRIORITY_DEFAULT,
                             cancellable, on_result, &read);
  g_cancellable_cancel (cancellable);
  WHERRY_WAIT_UNTIL (NULL, read != NULL);
  g_assert_cmpint (g_input_stream_read_finish (G_INPUT_STREAM (input), read, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (wherry_data_channel_send_text (f.a, "x", NULL));
  WHERRY_WAIT_UNTIL (NULL, g_pollable_input_stream_is_readable (input));
  g_clear_object (&read);
  tear_down (&f);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/data-channel-stream/one-for-a-channel", test_one_stream_for_a_channel);
  g_test_add_func ("/data-channel-stream/boundaries", test_boundaries);
  g_test_add_func ("/data-channel-stream/splice-memory", test_splice_memory);
  g_test_add_func ("/data-channel-stream/splice-files", test_splice_files);
  g_test_add_func ("/data-channel-stream/close-flushes", test_close_flushes);
  g_test_add_func ("/data-channel-stream/broken-connection-is-no-end",
                   test_broken_connection_is_no_end);
  g_test_add_func ("/data-channel-stream/pollable", test_pollable);
  return g_test_run ();
}
