'use strict';
(() => {
  const place = document.getElementById('view');
  const figure = JSON.parse(document.getElementById('figure').textContent);
  place.textContent = '';
  Plotly.newPlot(place, figure.data, figure.layout, {
    responsive: true,
    displaylogo: false,
    modeBarButtonsToRemove: ['tableRotation', 'resetCameraLastSave3d'],
  }).catch((error) => {
    place.textContent = `The 3D view could not be drawn: ${error.message || error}`;
  });
})();
