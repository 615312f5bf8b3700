/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/wherry-limits.h"
#include "relay-fixture.h"
#include "relay/wherry-resume-record.h"

/* Members that come back to the next process. One thread; the store's steps are the test's. */

typedef struct
{
  RelayFixture fixture;
  WherryStore *store;
  char *dir;
} Scene;

static gboolean
restore (const WherryStoreResume *record, gpointer user_data)
{
  Scene *self = user_data;

  return wherry_resume_restore (self->fixture.relay, record);
}

static void
begin (Scene *self)
{
  const WherryStoreVisitor visitor = { .resume = restore };
  g_autoptr (GError) error = NULL;
  WherryStoreOptions options;

  relay_fixture_init (&self->fixture, NULL, FALSE);
  wherry_store_options_init (&options);
  options.no_thread = TRUE;
  self->store = wherry_store_open (self->dir, NULL, &options, &error);
  g_assert_no_error (error);
  self->fixture.relay->store = self->store;
  wherry_store_load (self->store, &visitor, self, &error);
  g_assert_no_error (error);
}

/* killed: what waits for the disk is not written. */
static void
end (Scene *self, gboolean killed)
{
  WherryStore *store = g_steal_pointer (&self->store);

  if (killed)
    {
      wherry_store_abandon (store);
      self->fixture.relay->store = NULL;
    }
  relay_fixture_clear (&self->fixture); /* closes it */
}

static void
set_up (Scene *self, gconstpointer data)
{
  self->dir = g_dir_make_tmp ("wherry-resume-XXXXXX", NULL);
  begin (self);
}

static void
tear_down (Scene *self, gconstpointer data)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  end (self, FALSE);
  dir = g_dir_open (self->dir, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->dir, name, NULL);

      g_unlink (path);
    }
  g_rmdir (self->dir);
  g_free (self->dir);
}

static void
settle (Scene *self)
{
  do
    relay_fixture_settle (&self->fixture);
  while (wherry_store_step (self->store));
  relay_fixture_settle (&self->fixture);
}

/* token: NULL: a new member */
static TestClient *
try_join (Scene *self, const char *token)
{
  g_autoptr (WherryMessage) will
      = wherry_message_new (WHERRY_MESSAGE_TEXT, (const guint8 *) "bye", 3, NULL);
  const WherryJoin join = {
    .room = "room",
    .name = token == NULL ? "bob" : NULL,
    .address = "127.0.0.1",
    .attributes = token == NULL ? "{\"a\":1}" : NULL,
    .will = token == NULL ? will : NULL,
    .will_topic = token == NULL ? "news" : NULL,
    .mirror = TRUE,
    .resumable = TRUE,
    .resume = token,
  };
  WherrySignalError code;

  return test_client_try_join_as (&self->fixture, &join, &code);
}

static char *
connect (Scene *self, TestClient *client)
{
  char *token;

  settle (self);
  g_assert_true (wherry_relay_member_is_ready (client->member));
  token = wherry_relay_member_issue_resume (client->member);
  g_assert_nonnull (token);
  test_client_start (client);
  test_client_wait_connected (client);
  settle (self);
  return token;
}

static void
test_next_process (Scene *self, gconstpointer killed)
{
  TestClient *bob = try_join (self, NULL);
  g_autofree char *id = g_strdup (bob->id);
  g_autofree char *token = NULL;
  g_autofree char *second = NULL;
  TestClient *ann;

  g_assert_false (wherry_relay_member_is_ready (bob->member)); /* it is not on disk */
  token = connect (self, bob);
  end (self, killed != NULL);
  begin (self);
  ann = test_client_connect (&self->fixture, "room", "ann");
  bob = try_join (self, token);
  g_assert_nonnull (bob);
  g_assert_cmpstr (bob->id, ==, id);
  g_assert_cmpstr (wherry_relay_member_get_name (bob->member), ==, "bob");
  g_assert_cmpstr (wherry_relay_member_get_attributes (bob->member), ==, "{\"a\":1}");
  second = connect (self, bob);
  g_assert_cmpstr (token, !=, second);
  g_assert_null (try_join (self, token));
  g_assert_null (strstr (ann->heard->str, "-bob"));
}

/* What told it the new token never came: it has the one before, here and in the next process. */
static void
test_token_before (Scene *self, gconstpointer data)
{
  TestClient *bob = try_join (self, NULL);
  g_autofree char *token = connect (self, bob);

  bob = try_join (self, token);
  settle (self);
  g_assert_true (wherry_relay_member_is_ready (bob->member));
  g_free (wherry_relay_member_issue_resume (bob->member));
  bob = try_join (self, token);
  g_assert_nonnull (bob);
  settle (self);
  end (self, TRUE);
  begin (self);
  bob = try_join (self, token);
  g_assert_nonnull (bob);
  g_free (connect (self, bob));
  g_assert_null (try_join (self, token));
}

/* Who left does not come back, nor who is away for too long after the start. */
static void
test_not_for_ever (Scene *self, gconstpointer data)
{
  TestClient *bob = try_join (self, NULL);
  g_autofree char *token = connect (self, bob);

  wherry_relay_member_leave (bob->member, WHERRY_LEAVE_LEFT);
  settle (self);
  end (self, TRUE);
  begin (self);
  g_assert_null (try_join (self, token));

  bob = try_join (self, NULL);
  g_clear_pointer (&token, g_free);
  token = connect (self, bob);
  end (self, TRUE);
  begin (self);
  relay_fixture_advance (&self->fixture, WHERRY_RESUME_WINDOW_US + 1);
  g_assert_null (try_join (self, token));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/resume-record/next-process", Scene, NULL, set_up, test_next_process, tear_down);
  g_test_add ("/resume-record/process-was-killed", Scene, "killed", set_up, test_next_process,
              tear_down);
  g_test_add ("/resume-record/token-before", Scene, NULL, set_up, test_token_before, tear_down);
  g_test_add ("/resume-record/not-for-ever", Scene, NULL, set_up, test_not_for_ever, tear_down);
  return g_test_run ();
}
