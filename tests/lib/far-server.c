/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "far-server.h"
#include "fixtures/wherry-own-network.h"
#include "fixtures/wherry-wait.h"

gboolean
far_server_enter (const char *needs)
{
  g_autofree char *program = needs != NULL ? g_find_program_in_path (needs) : NULL;
  g_autofree char *missing = NULL;

  if (needs != NULL && program == NULL)
    missing = g_strdup_printf ("there is no %s", needs);
  else
    missing = g_strdup (wherry_own_network_enter_two ());
  if (missing != NULL)
    g_print ("1..0 # SKIP %s\n", missing);
  return missing == NULL;
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FarServer *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *line
      = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (line);
  g_assert_true (g_str_has_prefix (line, "wherryd: listening on "));
  self->uri = g_strdup (strrchr (line, ' ') + 1);
}

void
far_server_start (FarServer *self, const char *wherryd, const char *listen, ...)
{
  g_autoptr (GSubprocessLauncher) launcher
      = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GPtrArray) arguments = g_ptr_array_new ();
  g_autoptr (GDataInputStream) output = NULL;
  g_autoptr (GError) error = NULL;
  const char *more;
  va_list list;

  g_ptr_array_add (arguments, (char *) wherryd);
  g_ptr_array_add (arguments, (char *) "--listen");
  g_ptr_array_add (arguments, (char *) listen);
  g_ptr_array_add (arguments, (char *) "--insecure-open");
  va_start (list, listen);
  while ((more = va_arg (list, const char *)) != NULL)
    g_ptr_array_add (arguments, (char *) more);
  va_end (list);
  g_ptr_array_add (arguments, NULL);

  g_clear_pointer (&self->uri, g_free);
  g_clear_object (&self->process);
  g_subprocess_launcher_set_child_setup (launcher, wherry_own_network_go_far, NULL, NULL);
  self->process
      = g_subprocess_launcher_spawnv (launcher, (const char *const *) arguments->pdata, &error);
  g_assert_no_error (error);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (self->process));
  g_data_input_stream_read_line_async (output, G_PRIORITY_DEFAULT, NULL, on_line, self);
  WHERRY_WAIT_UNTIL (NULL, self->uri != NULL);
}

static void
on_exited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_assert_true (g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL));
  *(gboolean *) user_data = TRUE;
}

void
far_server_end (FarServer *self, int signal)
{
  gboolean exited = FALSE;

  g_subprocess_send_signal (self->process, signal);
  g_subprocess_wait_async (self->process, NULL, on_exited, &exited);
  WHERRY_WAIT_UNTIL (NULL, exited);
  g_assert_true (signal == SIGKILL || g_subprocess_get_successful (self->process));
}

void
far_server_clear (FarServer *self)
{
  far_server_end (self, SIGTERM);
  g_clear_object (&self->process);
  g_clear_pointer (&self->uri, g_free);
}
