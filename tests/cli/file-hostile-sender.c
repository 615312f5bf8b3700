/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>

#include "cli/file-hostile.h"
#include "cli/file/wherry-file-link.h"

/*
 * file-hostile-sender CASE CODE [OPTION…]: plays one of the hostile senders to a real receiver, and
 * prints what that said. Without arguments: the cases, and what is said of each.
 */

typedef struct
{
  WherryFileLink *link;
  GQueue records;
  gboolean is_wanted;
} Hostile;

static const char *option_case, *option_code;

static gboolean
is_behind_want (GBytes *record)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (record, &length);

  return length > 0 && data[0] >= WHERRY_FILE_RECORD_PLAN && data[0] <= WHERRY_FILE_RECORD_DONE;
}

/* A receiver looks around before it wants more than the list. */
static void
go_on (Hostile *self)
{
  while (self->records.length > 0
         && (self->is_wanted || !is_behind_want (g_queue_peek_head (&self->records))))
    {
      g_autoptr (GBytes) record = g_queue_pop_head (&self->records);

      wherry_file_link_send (self->link, record);
    }
}

static void
on_met (gpointer data)
{
  go_on (data);
}

static void
on_record (GBytes *bytes, gpointer data)
{
  Hostile *self = data;
  gsize length;
  const guint8 *content = g_bytes_get_data (bytes, &length);
  WherryFileRecord record;

  if (!wherry_file_record_parse (&record, content, length, NULL))
    return;
  if (record.type == WHERRY_FILE_RECORD_WANT)
    {
      self->is_wanted = TRUE;
      go_on (self);
    }
  if (record.type != WHERRY_FILE_RECORD_ABORT)
    return;
  g_print ("%.*s\n", (int) record.length, (const char *) record.bytes);
  wherry_file_link_finish (self->link, WHERRY_EXIT_OK);
}

static void
on_lost (gpointer data)
{
}

static void
on_failed (const GError *error, gpointer data)
{
  g_printerr ("%s\n", error->message);
  wherry_file_link_finish (((Hostile *) data)->link, WHERRY_EXIT_FAILED);
}

static int
run (WherryInvocation *invocation)
{
  const WherryFileLinkHooks hooks = { on_met, on_record, on_lost, on_failed };
  const WherryFileLinkOptions options = { .is_sender = TRUE };
  g_autoptr (WherryRoomSession) session = NULL;
  g_autoptr (WherryFileLink) link = NULL;
  g_autoptr (GError) error = NULL;
  Hostile self = { .records = G_QUEUE_INIT };
  WherryFileSecret secret;

  if (!wherry_invocation_parse (invocation, NULL, 0, 0, &error)
      || !wherry_file_secret_derive (&secret, option_code, &error)
      || (session = wherry_room_session_new (invocation, secret.room, &error)) == NULL)
    return wherry_invocation_fail (invocation, error);
  for (const WherryTestHostile *hostile = wherry_test_hostile; hostile->name != NULL; hostile++)
    if (g_str_equal (hostile->name, option_case))
      hostile->make (&self.records);
  self.link = link
      = wherry_file_link_new (invocation, session, &secret, &options, &hooks, &self, &error);
  g_assert_no_error (error);
  wherry_room_session_join (session, NULL, NULL);
  return wherry_invocation_run (invocation);
}

static const WherryCommand command
    = { "hostile", "", "Plays a hostile sender", "", WHERRY_OPTIONS_ROOM, run };

int
main (int argc, char **argv)
{
  g_autoptr (WherryInvocation) invocation = NULL;

  for (const WherryTestHostile *hostile = wherry_test_hostile; argc < 3 && hostile->name != NULL;
       hostile++)
    g_print ("%s\t%s\n", hostile->name, hostile->says);
  if (argc < 3)
    return EXIT_SUCCESS;
  option_case = argv[1];
  option_code = argv[2];
  invocation = wherry_invocation_new (&command, argv + 2);
  return run (invocation);
}
