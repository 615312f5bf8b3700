/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-connection-private.h"

/* A GTask that is returned in the turn of the loop in which it was made calls back in a later one.
 * The candidates that a description brings would then be told before the program hears that the
 * description was set, and be signaled before it: they wait for that callback. */

typedef struct
{
  char *text; /* NULL: the end */
  char *mid;
  guint mline_index;
  char *ufrag;
} LateCandidate;

static void
late_candidate_free (gpointer data)
{
  LateCandidate *late = data;

  g_free (late->text);
  g_free (late->mid);
  g_free (late->ufrag);
  g_free (late);
}

static gboolean
is_callback_due (WherryConnection *self)
{
  if (self->finishing != NULL && g_task_get_completed (self->finishing))
    g_clear_weak_pointer (&self->finishing);
  return self->finishing != NULL;
}

static gboolean
tell_late (gpointer data)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (data);
  LateCandidate *late = NULL;

  while (!self->closed && !is_callback_due (self)
         && (late = g_queue_pop_head (&self->late)) != NULL)
    {
      wherry_connection_take_local_candidate (self, late->text, late->mid, late->mline_index,
                                              late->ufrag);
      late_candidate_free (late);
    }
  if (!self->closed && !g_queue_is_empty (&self->late))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->late_source, g_source_unref);
  return G_SOURCE_REMOVE;
}

void
wherry_connection_expect_callback (WherryConnection *self, GTask *task)
{
  /* weak: a task holds the object, which must not live for it once that is over */
  g_set_weak_pointer (&self->finishing, g_task_get_completed (task) ? NULL : task);
}

void
wherry_connection_tell_candidate (WherryConnection *self, const char *text, const char *mid,
                                  guint mline_index, const char *ufrag)
{
  LateCandidate *late = NULL;

  if (g_queue_is_empty (&self->late) && !is_callback_due (self))
    {
      wherry_connection_take_local_candidate (self, text, mid, mline_index, ufrag);
      return;
    }
  late = g_new0 (LateCandidate, 1);
  late->text = g_strdup (text);
  late->mid = g_strdup (mid);
  late->mline_index = mline_index;
  late->ufrag = g_strdup (ufrag);
  g_queue_push_tail (&self->late, late);
  if (self->late_source != NULL)
    return;
  self->late_source = g_idle_source_new ();
  g_source_set_priority (self->late_source, G_PRIORITY_DEFAULT); /* as the callback's, and behind */
  g_source_set_static_name (self->late_source, "wherry-late-candidates");
  g_source_set_callback (self->late_source, tell_late, self, NULL); /* closing it destroys it */
  g_source_attach (self->late_source, self->context);
}

void
wherry_connection_clear_late (WherryConnection *self)
{
  if (self->late_source != NULL)
    g_source_destroy (self->late_source);
  g_clear_pointer (&self->late_source, g_source_unref);
  g_clear_weak_pointer (&self->finishing);
  g_queue_clear_full (&self->late, late_candidate_free);
}
