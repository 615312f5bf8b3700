/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/bench/wherry-bench.h"

/* Bars beside each other: a row for each run, a column of bars for each figure, each column with a
 * scale of its own. Nothing but SVG 1.1, so that any viewer and any page shows it. */

#define ROW_HEIGHT 30u
#define LABEL_WIDTH 210u
#define PANEL_WIDTH 190u
#define BAR_WIDTH 110u
#define TOP 74u
#define INK "#1f2933"
#define FAINT "#7b8794"
#define N_PANELS 3u

typedef struct
{
  const char *title;
  double (*get) (const WherryBenchResult *result);
  double (*get_more) (const WherryBenchResult *result); /* NULL: none; behind it, fainter */
  const char *color;
} Panel;

static double
get_rate (const WherryBenchResult *result)
{
  return wherry_bench_per_second (result, result->received);
}

static double
get_bytes (const WherryBenchResult *result)
{
  return wherry_bench_per_second (result, result->bytes) / 1e6;
}

static double
get_half (const WherryBenchResult *result)
{
  return (double) wherry_bench_histogram_get (&result->times, 0.5) / 1000;
}

static double
get_most (const WherryBenchResult *result)
{
  return (double) wherry_bench_histogram_get (&result->times, 0.99) / 1000;
}

/* A number as SVG has it, whatever the locale. */
static const char *
number (char *buffer, double value)
{
  return g_ascii_formatd (buffer, G_ASCII_DTOSTR_BUF_SIZE, "%.1f", value);
}

static void
add_text (GString *svg, guint x, guint y, const char *color, guint size, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  g_string_append_printf (svg, "<text x=\"%u\" y=\"%u\" fill=\"%s\" font-size=\"%u\">%s</text>\n",
                          x, y, color, size, escaped);
}

static void
add_bar (GString *svg, guint x, guint y, double part, const char *color, const char *opacity)
{
  char width[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (svg,
                          "<rect x=\"%u\" y=\"%u\" width=\"%s\" height=\"16\" rx=\"2\" "
                          "fill=\"%s\" fill-opacity=\"%s\"/>\n",
                          x, y, number (width, MAX (part * BAR_WIDTH, 1)), color, opacity);
}

static void
add_panel (GString *svg, const Panel *panel, guint left, GPtrArray *results)
{
  double most = 0;

  add_text (svg, left, TOP - 14, FAINT, 12, panel->title);
  for (guint i = 0; i < results->len; i++)
    {
      const WherryBenchResult *result = g_ptr_array_index (results, i);

      most = MAX (most, panel->get (result));
      if (panel->get_more != NULL)
        most = MAX (most, panel->get_more (result));
    }
  for (guint i = 0; i < results->len; i++)
    {
      const WherryBenchResult *result = g_ptr_array_index (results, i);
      double value = panel->get (result);
      double more = panel->get_more != NULL ? panel->get_more (result) : value;
      guint y = TOP + i * ROW_HEIGHT;
      g_autofree char *text = panel->get_more != NULL
                                  ? g_strdup_printf ("%.2f / %.2f", value, more)
                                  : g_strdup_printf ("%.*f", value < 10 ? 1 : 0, value);

      if (most <= 0 || more <= 0)
        continue;
      if (more > value)
        add_bar (svg, left, y, more / most, panel->color, "0.35");
      add_bar (svg, left, y, value / most, panel->color, "1");
      add_text (svg, left + 4 + (guint) (more / most * BAR_WIDTH), y + 12, INK, 11, text);
    }
}

char *
wherry_bench_plot (GPtrArray *results, const char *title)
{
  const Panel panels[N_PANELS] = {
    { _ ("messages or joins a second"), get_rate, NULL, "#2563a8" },
    { _ ("MB a second"), get_bytes, NULL, "#2f855a" },
    { _ ("p50 / p99 in ms"), get_half, get_most, "#b7562b" },
  };
  guint width = LABEL_WIDTH + N_PANELS * PANEL_WIDTH + 20;
  guint height = TOP + results->len * ROW_HEIGHT + 14;
  GString *svg = g_string_new (NULL);

  g_string_append_printf (
      svg,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" "
      "font-family=\"sans-serif\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
      width, height, width, height);
  add_text (svg, 16, 30, INK, 16, title);
  for (guint i = 0; i < results->len; i++)
    {
      const WherryBenchResult *result = g_ptr_array_index (results, i);
      const char *kind = wherry_bench_kind_name (result->plan.kind);
      g_autofree char *label = result->plan.kind == WHERRY_BENCH_JOINS
                                   ? g_strdup_printf ("%s, %u", kind, result->plan.receivers)
                                   : g_strdup_printf (_ ("%s, %u B to %u"), kind, result->plan.size,
                                                      result->plan.receivers);

      add_text (svg, 16, TOP + i * ROW_HEIGHT + 12, INK, 12, label);
    }
  for (guint i = 0; i < N_PANELS; i++)
    add_panel (svg, &panels[i], LABEL_WIDTH + i * PANEL_WIDTH, results);
  g_string_append (svg, "</svg>\n");
  return g_string_free (svg, FALSE);
}
