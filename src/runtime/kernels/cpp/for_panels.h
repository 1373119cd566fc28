// The panels of a matrix, some in a row to a thread: their memory is one stream.

namespace tokenflare {
namespace {

// Calls work(panel) for every panel.
template <typename Work>
void ForPanels(const Matrix &matrix, const Work &work) {
  int64_t num_panels = 0;
  for (int i = 0; i < matrix.num_segments; i++) num_panels += NumPanels(matrix.segments[i].num_out);
  const int64_t per_chunk = Most<int64_t>(1, Least<int64_t>(16, num_panels / 16));
  ParallelFor((num_panels + per_chunk - 1) / per_chunk, [&](int64_t chunk) {
    const int64_t end = Least(num_panels, (chunk + 1) * per_chunk);
    const Segment *segment = matrix.segments;
    int64_t first = 0;  // panel of the segment
    for (int64_t panel = chunk * per_chunk; panel < end; panel++) {
      while (panel - first >= NumPanels(segment->num_out)) first += NumPanels(segment++->num_out);
      work(PanelOf{*segment, panel - first});
    }
  });
}

}  // namespace
}  // namespace tokenflare
