# In the folder above: gnuplot -e "load 'src/light.gp'" src/paths_g1_2.gp (after set terminal ...)
data = 'src/paths_g1_2.csv'
set lmargin at screen 0.025
set rmargin at screen 0.975
set tmargin at screen 0.919431279620853
set bmargin at screen 0.10900473933649289
set xrange [0:1]
set yrange [0:342]
set label 'scheduler call, from noise to picture' at screen 0.50000,0.02607 center font ',12' textcolor rgb ink
set xrange [-0.6:49.6]
set xtics 0,5 font ',11'
unset ytics
set border 1
unset grid
set style fill solid noborder
set object rectangle from screen 0.02500,0.94313 to screen 0.04688,0.96682 fillcolor rgb predict fillstyle solid noborder
set label 'predicts' at screen 0.05469,0.95498 left font ',11' textcolor rgb ink
set object rectangle from screen 0.15750,0.94313 to screen 0.17938,0.96682 fillcolor rgb reuse fillstyle solid noborder
set label 'last output again' at screen 0.18719,0.95498 left font ',11' textcolor rgb ink
set label 'AdaptiveDiffusion δ=0.01, Cmax=6' at screen 0.02500,0.89336 left font ',11' textcolor rgb ink
set label '22.3 of 50 predict' at screen 0.97500,0.89336 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.02, Cmax=2' at screen 0.02500,0.80332 left font ',11' textcolor rgb ink
set label '24.4 of 50 predict' at screen 0.97500,0.80332 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.02, Cmax=4' at screen 0.02500,0.71327 left font ',11' textcolor rgb ink
set label '20.2 of 50 predict' at screen 0.97500,0.71327 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.02, Cmax=6' at screen 0.02500,0.62322 left font ',11' textcolor rgb ink
set label '18.4 of 50 predict' at screen 0.97500,0.62322 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.05, Cmax=2' at screen 0.02500,0.53318 left font ',11' textcolor rgb ink
set label '20.9 of 50 predict' at screen 0.97500,0.53318 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.05, Cmax=4' at screen 0.02500,0.44313 left font ',11' textcolor rgb ink
set label '16.4 of 50 predict' at screen 0.97500,0.44313 right font ',10' textcolor rgb muted
set label 'AdaptiveDiffusion δ=0.05, Cmax=6' at screen 0.02500,0.35308 left font ',11' textcolor rgb ink
set label '14.5 of 50 predict' at screen 0.97500,0.35308 right font ',10' textcolor rgb muted
set label 'fixed path skips=15' at screen 0.02500,0.26303 left font ',11' textcolor rgb ink
set label '35.0 of 50 predict' at screen 0.97500,0.26303 right font ',10' textcolor rgb muted
set label 'fixed path skips=25' at screen 0.02500,0.17299 left font ',11' textcolor rgb ink
set label '25.0 of 50 predict' at screen 0.97500,0.17299 right font ',10' textcolor rgb muted
base(r) = 342 - 38 * (r + 1)
bar = 18
plot data using 2:(0):($2-0.44):($2+0.44):(base($1)):(base($1)+bar) with boxxyerror fillcolor rgb reuse, \
  data using 2:(0):($2-0.44):($2+0.44):(base($1)):(base($1)+bar*$3) with boxxyerror fillcolor rgb predict, \
  data using 2:(0):($2-0.44):($2+0.44):(base($1)+bar*$3):(base($1)+bar*($3+$4)) with boxxyerror fillcolor rgb shallow
