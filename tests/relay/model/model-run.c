/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/wherry-class.h"
#include "base/wherry-limits.h"
#include "model.h"

gint64
model_now_us (Model *self)
{
  return wherry_clock_now_us (self->clock);
}

void
model_trace (Model *self, const char *format, ...)
{
  va_list args;

  if (!self->trace)
    return;
  printf ("# %4u %8.3f  ", self->step, (double) model_now_us (self) / G_USEC_PER_SEC);
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
}

void
model_fail (Model *self, const char *format, ...)
{
  va_list args;

  printf ("# seed %u, step %u: ", self->seed, self->step);
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
  _exit (1);
}

/* ---- time ---- */

static void
check (Model *self)
{
  model_flow_check (self);
  model_limits_check (self);
  model_told_check (self, FALSE);
  model_numbers_check (self);
}

static void
settle_quietly (Model *self)
{
  while (g_main_context_iteration (NULL, FALSE) | g_main_context_iteration (self->hub, FALSE))
    ;
}

void
model_settle (Model *self)
{
  settle_quietly (self);
  check (self);
}

/* A little of it: the hub and the peers are as far as they are. */
static void
settle_partly (Model *self, guint draw)
{
  guint n = 1 + draw % 8;
  guint whose = draw / 8 % 4;

  for (guint i = 0; i < n; i++)
    {
      if (whose != 0)
        g_main_context_iteration (NULL, FALSE);
      if (whose == 0 || whose == 3)
        g_main_context_iteration (self->hub, FALSE);
    }
  model_limits_check (self);
}

/* Somebody waits, or reads slowly: time goes by in small steps. */
static gboolean
is_tense (Model *self)
{
  for (guint i = 0; i < self->present->len; i++)
    {
      const ModelClient *client = g_ptr_array_index (self->present, i);

      if (client->pace_us > 0
          || (client->relay_end != NULL && wherry_fake_stream_is_paused (client->relay_end)))
        return TRUE;
    }
  return FALSE;
}

void
model_advance (Model *self, gint64 us)
{
  for (gint64 step_us; us > 0; us -= step_us)
    {
      step_us = is_tense (self) ? MIN (us, MODEL_TICK_US) : us;
      model_limits_check_pauses (self);
      wherry_virtual_clock_advance (self->clock, step_us);
      for (guint i = 0; i < self->present->len; i++)
        model_client_wake (g_ptr_array_index (self->present, i));
      model_settle (self);
      model_limits_check_pauses (self);
    }
}

/* ---- the relay ---- */

static void
on_done (gpointer data)
{
  *(gboolean *) data = TRUE;
}

void
model_start_relay (Model *self)
{
  self->config = model_profile_init (&self->profile, self->seed);
  self->relay = wherry_relay_hub_new (self->config, self->hub, self->clock);
  wherry_relay_hub_set_peer_hook (self->relay, model_client_make_peer, self);
  wherry_relay_hub_set_observer (self->relay, &model_observer, self);
}

void
model_stop_relay (Model *self)
{
  g_autoptr (WherryBudget) budget = wherry_budget_ref (wherry_relay_hub_get_budget (self->relay));
  gboolean done = FALSE;
  WherryRelayStats stats;

  model_trace (self, "shut down");
  wherry_relay_hub_shutdown (self->relay, on_done, &done);
  settle_quietly (self);
  if (!done)
    model_fail (self, "the relay does not shut down");
  wherry_relay_hub_get_stats (self->relay, &stats);
  if (stats.members + stats.peers + stats.rooms + stats.topics > 0 || stats.outbox_bytes > 0)
    model_fail (self, "the relay still has %u members, %u peers, %u rooms, %u topics",
                stats.members, stats.peers, stats.rooms, stats.topics);
  wherry_relay_hub_free (self->relay);
  settle_quietly (self);
  for (guint i = 0; i < self->clients->len; i++)
    {
      ModelClient *client = g_ptr_array_index (self->clients, i);

      if (client->member != NULL)
        model_fail (self, "%s was not told of the end", client->name);
      client->member = NULL;
      if (client->set != NULL)
        wherry_channel_set_close (client->set);
      g_clear_object (&client->end);
    }
  g_ptr_array_set_size (self->present, 0);
  for (guint i = 0; i < MODEL_ROOMS_MAX; i++)
    model_numbers_forget (&self->rooms[i]);
  settle_quietly (self);
  if (wherry_budget_get_used (budget) > 0)
    model_fail (self, "%" G_GSIZE_FORMAT " bytes are still held", wherry_budget_get_used (budget));
  if (wherry_virtual_clock_get_n_sources (self->clock) > 0)
    model_fail (self, "a timer still runs");
}

/* Everybody reads again: whatever is due comes, and nobody waits. */
static void
finish (Model *self)
{
  self->step++;
  for (guint i = self->present->len; i > 0; i--)
    {
      ModelClient *client = g_ptr_array_index (self->present, i - 1);

      if (client->cut)
        model_client_cut (client, TRUE);
      else if (client->idle->len % 2 == 1)
        model_client_set_stalled (client, FALSE);
    }
  model_settle (self);
  for (guint i = self->present->len; i > 0; i--)
    if (((ModelClient *) g_ptr_array_index (self->present, i - 1))->away)
      model_client_resume (g_ptr_array_index (self->present, i - 1));
  model_settle (self);
  for (guint i = 0; i < self->present->len; i++)
    model_client_reopen (g_ptr_array_index (self->present, i));
  model_settle (self);
  model_advance (self, 2 * G_USEC_PER_SEC);
  for (guint i = 0; i < self->present->len; i++)
    {
      const ModelClient *client = g_ptr_array_index (self->present, i);

      if (client->relay_end != NULL && wherry_fake_stream_is_paused (client->relay_end))
        model_fail (self, "everybody reads, and %s is not read", client->name);
      if (client->n_due > 0)
        model_fail (self, "everybody reads, and %s lacks %u messages", client->name, client->n_due);
    }
  model_told_check (self, TRUE);
  model_stop_relay (self);
}

/* ---- a schedule ---- */

static void
draw_step (ModelRandom *random, ModelStep *step)
{
  step->op = model_random (random, 1u << 30);
  step->a = model_random (random, 1u << 30);
  step->b = model_random (random, 1u << 30);
  step->c = model_random (random, 1u << 30);
}

guint
model_count_steps (guint seed)
{
  ModelProfile profile;

  wherry_relay_config_free (model_profile_init (&profile, seed));
  return profile.n_steps;
}

/* Everything is on this thread: there is nothing to poll for. */
static int
poll_nothing (GPollFD *fds, guint n, int timeout)
{
  return 0;
}

static void
room_clear (ModelRoom *room)
{
  g_ptr_array_unref (room->log);
  g_ptr_array_unref (room->owns);
  g_hash_table_unref (room->numbers);
  g_array_unref (room->holes);
}

void
model_run (guint seed, gboolean trace, const guint8 *skip)
{
  Model self = { .seed = seed, .trace = trace };
  ModelRandom random;

  model_random_init (&random, ((guint64) seed << 1) + 1);
  self.clock = wherry_virtual_clock_new ();
  self.hub = g_main_context_new ();
  g_main_context_set_poll_func (self.hub, poll_nothing);
  g_main_context_set_poll_func (NULL, poll_nothing);
  self.clients = g_ptr_array_new_with_free_func (model_client_free);
  self.present = g_ptr_array_new ();
  self.channels = g_ptr_array_new ();
  self.messages = g_array_new (FALSE, FALSE, sizeof (ModelMessage));
  for (guint i = 0; i < MODEL_ROOMS_MAX; i++)
    {
      self.rooms[i].log = g_ptr_array_new_with_free_func (g_free);
      self.rooms[i].owns = g_ptr_array_new ();
      self.rooms[i].numbers = g_hash_table_new (NULL, NULL);
      self.rooms[i].holes = g_array_new (FALSE, FALSE, sizeof (ModelHole));
    }
  g_random_set_seed (seed); /* members' ids */
  model_start_relay (&self);
  for (self.step = 0; self.step < self.profile.n_steps; self.step++)
    {
      ModelStep step;

      draw_step (&random, &step);
      if (skip != NULL && skip[self.step] != 0)
        continue;
      model_limits_apply (&self);
      model_step (&self, &step);
      switch (step.c % 5)
        {
        case 0:
          break;
        case 1:
        case 2:
          settle_partly (&self, step.c / 5);
          break;
        default:
          model_settle (&self);
          break;
        }
    }
  finish (&self);

  g_ptr_array_unref (self.clients);
  g_ptr_array_unref (self.present);
  g_ptr_array_unref (self.channels);
  g_array_unref (self.messages);
  for (guint i = 0; i < MODEL_ROOMS_MAX; i++)
    room_clear (&self.rooms[i]);
  wherry_clock_unref (self.clock);
  g_main_context_unref (self.hub);
}
