# In the folder above: gnuplot -e "load 'src/light.gp'" src/skips_g3_1.gp (after set terminal ...)
data = 'src/skips_g3_1.csv'
set style fill solid noborder
set boxwidth 0.86
set border 3
set xrange [10:34]
set xtics 0,5 format '' font ',11'
set multiplot
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.97872
set bmargin at screen 0.84752
set yrange [0:52.199999999999996]
set ytics 0,36 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 16.9' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 16.935,0 to 16.935,41.4 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.91312 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==0 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.82624
set bmargin at screen 0.69504
set yrange [0:78.3]
set ytics 0,54 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 20.3' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 20.285,0 to 20.285,62.099999999999994 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.76064 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==1 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.67376
set bmargin at screen 0.54255
set yrange [0:68.14999999999999]
set ytics 0,47 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.005, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 21.6' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 21.57,0 to 21.57,54.05 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.60816 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==2 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.52128
set bmargin at screen 0.39007
set yrange [0:78.3]
set ytics 0,54 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 21.4' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 21.375,0 to 21.375,62.099999999999994 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.45567 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==3 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.36879
set bmargin at screen 0.23759
set yrange [0:59.449999999999996]
set ytics 0,41 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 24.6' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 24.56,0 to 24.56,47.15 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.30319 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==4 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.21631
set bmargin at screen 0.08511
set xtics format '%g'
set yrange [0:56.55]
set ytics 0,39 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.01, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 26.1' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 26.145,0 to 26.145,44.849999999999994 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.15071 center rotate by 90 font ',11' textcolor rgb ink
set label 'skipped predictions of a sample' at screen 0.54286,0.01950 center font ',12' textcolor rgb ink
plot data using ($1==5 ? $2 : NaN):3 with boxes fillcolor rgb c1
unset multiplot
