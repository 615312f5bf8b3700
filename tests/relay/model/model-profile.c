/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-limits.h"
#include "model.h"

/* One in so many is a crowd. */
#define CROWD_EVERY 100u

gboolean
model_topic_is_lossy (guint topic)
{
  return topic % 4 == 3;
}

gboolean
model_topic_has_history (const ModelProfile *self, guint topic)
{
  return self->history > 0 && topic % 2 == 0;
}

const char *
model_topic_label (guint topic)
{
  static char labels[MODEL_TOPICS_MAX][8];

  if (labels[topic][0] == '\0')
    g_snprintf (labels[topic], sizeof labels[topic], "t%u-%u", topic % 4, topic);
  return labels[topic];
}

static void
choose_rules (ModelProfile *self, ModelRandom *random, WherryRelayConfig *config)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->mirror_rule); i++)
    {
      g_autofree char *pattern = g_strdup_printf ("t%u-*", i);

      self->mirror_rule[i] = model_one_in (random, 8) ? (int) model_random (random, 3) : -1;
      if (self->mirror_rule[i] >= 0)
        wherry_relay_config_add_rule (config, pattern, TRUE)->mirror = self->mirror_rule[i];
    }
}

static void
choose_limits (ModelProfile *self, ModelRandom *random, WherryRelayConfig *config)
{
  static const gsize highs[] = { 4, 16, 64, 256 };
  static const gsize windows[] = { 2, 8, 128 };
  static const gint64 limits_ms[] = { 300, 1000, 3000 };
  gsize high = highs[model_random (random, G_N_ELEMENTS (highs))] * WHERRY_KIB;

  config->outbox.outbox_high = high;
  config->outbox.outbox_low = high / 4;
  config->outbox.block_limit_us = 1000 * limits_ms[model_random (random, G_N_ELEMENTS (limits_ms))];
  config->outbox.block_window_us = 10 * config->outbox.block_limit_us;
  config->member_bytes = model_one_in (random, 3) ? 2 * high : 8 * high;
  self->window = windows[model_random (random, G_N_ELEMENTS (windows))] * WHERRY_KIB;
  self->size_max = model_one_in (random, 3) ? (guint) high / 2 : 400;
  self->is_limited = model_one_in (random, 8);
  self->is_small = model_one_in (random, 6);
  self->mirrors_fit = !self->is_limited && self->n_topics <= 16;
  self->is_poor = model_one_in (random, 6);
  if (self->is_limited)
    {
      config->channels_per_member = 2 + model_random (random, 4);
      config->topics_per_room = 1 + model_random (random, self->n_topics);
    }
}

WherryRelayConfig *
model_profile_init (ModelProfile *self, guint seed)
{
  WherryRelayConfig *config = wherry_relay_config_new ();
  ModelRandom random;

  model_random_init (&random, (guint64) seed << 1);
  *self = (ModelProfile){ 0 };
  if (seed % CROWD_EVERY == CROWD_EVERY - 1)
    {
      self->n_rooms = 1 + model_random (&random, 3);
      self->n_topics = 8 + model_random (&random, MODEL_TOPICS_MAX - 8);
      self->n_clients = 100 + model_random (&random, 150);
      self->n_steps = 2 * self->n_clients + 300;
    }
  else
    {
      self->n_rooms = 1 + model_random (&random, 2);
      self->n_topics = 1 + model_random (&random, 5);
      self->n_clients = 2 + model_random (&random, 10);
      self->n_steps = 60 + model_random (&random, 200);
      self->is_tough = model_one_in (&random, 3);
    }
  choose_limits (self, &random, config);
  choose_rules (self, &random, config);
  if (!self->is_poor && model_one_in (&random, 2))
    {
      self->is_addressed = TRUE;
      self->resumes = !self->is_limited && model_one_in (&random, 2);
      self->history = model_one_in (&random, 2) ? 1 + model_random (&random, 12) : 0;
    }
  if (self->history > 0)
    for (guint i = 0; i < 4; i += 2)
      {
        g_autofree char *pattern = g_strdup_printf ("t%u-*", i);

        wherry_relay_config_add_rule (config, pattern, TRUE)->history_messages = self->history;
      }
  config->resume_bytes = 64 * WHERRY_MIB; /* nobody misses more */
  /* what lies in the streams is charged too: there must be room for more than that */
  if (self->is_poor)
    config->memory_budget = (2u * self->n_clients + 2) * (self->window + self->size_max + 1024) * 2
                            + 4 * config->outbox.outbox_high;
  if (model_one_in (&random, 3))
    config->policy_lossy = WHERRY_POLICY_LATEST;
  return config;
}
